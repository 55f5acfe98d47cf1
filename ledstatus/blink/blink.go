// Package blink is what a light shows: a blink per message, and a pattern for
// each state in which there are none.
package blink

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"warren/ledstatus/light"
)

// A blink is 50 ms of light and at least 50 ms of dark, so there are at most
// ten a second. The eye melts flashes into one steady light from about 15 a
// second on in a dark room; ten are still seen one by one, and 50 ms are three
// pictures of a screen, so that the terminal shows each of them, too.
const (
	blinkOn  = 50 * time.Millisecond
	blinkOff = 50 * time.Millisecond
)

// retryAfter is how long a lamp at rest waits before it tries once more what
// the light refused to do.
const retryAfter = time.Second

// startTime is how long a broker may take to start before that is a fault:
// RabbitMQ on a small Pi needs 40 to 50 s from the power switch on.
const startTime = time.Minute

// A Lamp shows messages and states on a light. Its methods may be called
// concurrently; Message and State never wait for the light.
type Lamp struct {
	light  light.Light
	logger *slog.Logger
	wake   chan struct{} // holds one token while there is something new to show

	mu    sync.Mutex
	state State
	count uint64 // messages so far
	due   bool   // a message came that no blink has been begun for

	// Only for Run.
	lit     bool
	refused error // what the light said to the last Set
	caption string
	aside   time.Time // when the last aside began
}

// New returns a lamp on l, which is off, in the state Starting. Run makes it
// shine.
func New(l light.Light, logger *slog.Logger) *Lamp {
	return &Lamp{light: l, logger: logger, wake: make(chan struct{}, 1)}
}

// Message makes the lamp blink once. Messages that come faster than the eye
// can follow, ten a second, share a blink: the lamp is dark again within two
// blinks of the last message, however many there were. While a state shows a
// pattern of its own, messages are only counted.
func (l *Lamp) Message() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if patterns[l.state].steps == nil {
		l.due = true
		l.changed()
	}
}

// State makes the lamp show s, if it does not do so already. A lamp that has
// been Starting since Run began shows NoBroker after a minute by itself.
func (l *Lamp) State(s State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.become(s)
}

// late ends a start that takes too long.
func (l *Lamp) late() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == Starting {
		l.become(NoBroker)
	}
}

func (l *Lamp) become(s State) {
	if l.state != s {
		l.state, l.due = s, false
		l.changed()
	}
}

func (l *Lamp) changed() {
	select {
	case l.wake <- struct{}{}:
	default: // Run will look anyway; once too often does no harm
	}
}

// now returns what there is to show.
func (l *Lamp) now() (s State, count uint64, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state, l.count, l.due
}

// Run shines until ctx ends; then it turns the light off and returns ctx's
// error. It is called once. What the light refuses to do is logged when that
// changes, and tried again.
func (l *Lamp) Run(ctx context.Context) error {
	defer l.set(false)
	defer time.AfterFunc(startTime, l.late).Stop()
	for ctx.Err() == nil {
		state, count, due := l.now()
		l.write(state, count)
		switch p := patterns[state]; {
		case len(p.aside) > 0 && time.Since(l.aside) >= asideEvery:
			l.aside = time.Now()
			l.set(false)
			sleep(ctx, asideDark, nil)
			l.play(ctx, p.aside, nil)
		case due:
			l.blink(ctx)
		case len(p.steps) > 0:
			l.play(ctx, p.steps, l.wake)
		case len(p.aside) > 0:
			l.rest(ctx, time.After(asideEvery-time.Since(l.aside)))
		default:
			l.rest(ctx, nil)
		}
	}
	return ctx.Err()
}

// blink answers for all messages so far. Once begun it is not cut short.
func (l *Lamp) blink(ctx context.Context) {
	l.mu.Lock()
	l.due = false
	l.mu.Unlock()
	l.play(ctx, []time.Duration{blinkOn, blinkOff}, nil)
}

// play shows steps once, or until wake has something.
func (l *Lamp) play(ctx context.Context, steps []time.Duration, wake <-chan struct{}) {
	for i, d := range steps {
		l.set(i%2 == 0)
		if !sleep(ctx, d, wake) {
			return
		}
	}
}

// rest keeps the lamp dark until something changes, or until has come.
func (l *Lamp) rest(ctx context.Context, until <-chan time.Time) {
	for l.set(false); l.refused != nil; l.set(false) {
		if !sleep(ctx, retryAfter, l.wake) {
			return
		}
	}
	select {
	case <-ctx.Done():
	case <-until:
	case <-l.wake:
	}
}

// sleep waits for d and reports true, or less and reports false: until ctx
// ends or wake has something.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-wake:
	}
	return false
}

// set turns the light on or off, if it is not so already.
func (l *Lamp) set(on bool) {
	if on == l.lit && l.refused == nil {
		return
	}
	err := l.light.Set(on)
	switch {
	case err != nil && (l.refused == nil || err.Error() != l.refused.Error()):
		l.logger.Warn("the light cannot be set; trying on", "error", err)
	case err == nil && l.refused != nil:
		l.logger.Info("the light works again")
	}
	l.lit, l.refused = on, err
}

// write puts state and count beside a light that can show text.
func (l *Lamp) write(s State, count uint64) {
	captioned, ok := l.light.(light.Captioned)
	if !ok {
		return
	}
	text := fmt.Sprintf("%v, %d messages", s, count)
	if count == 1 {
		text = fmt.Sprintf("%v, 1 message", s)
	}
	if text != l.caption {
		l.caption = text
		captioned.Caption(text)
	}
}
