package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"warren/appliance/broker/flush"
	"warren/appliance/broker/mend"
	"warren/appliance/supervise"
)

// maxStrikes is how many starts in a row may fail before RabbitMQ's data is
// given up. The first may be a mishap; the second began with mended files. Data
// with which RabbitMQ was never well has nothing in it to be patient for.
const maxStrikes = 2

// keeper keeps RabbitMQ running.
type keeper struct {
	container container
	url       string
	keepMB    int
	times     times
	state     *stateFile
	log       *slog.Logger

	diskSize func(dir string) (uint64, error)
	flush    func(dir string) func() error

	wait    supervise.Backoff
	strikes int
}

// run runs RabbitMQ again and again until ctx ends.
func (k *keeper) run(ctx context.Context) {
	for {
		k.state.put(func(s *state) { s.State, s.Why, s.Starts = starting, "", s.Starts+1 })
		l := &life{keeper: k}
		err := l.run(ctx)
		if ctx.Err() != nil {
			k.state.set(starting, "") // the next daemon does
			return
		}
		if l.well.Load() {
			k.wait.Reset()
		}
		k.state.set(failed, err.Error())
		k.strike(l, err)
		pause := k.wait.Pause()
		k.log.Info("RabbitMQ is started again", "in", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// strike counts a life that was not well, and gives RabbitMQ's data up after
// maxStrikes. A life in which RabbitMQ never said a word has to do with crun or
// the image, not with the data.
func (k *keeper) strike(l *life, err error) {
	switch {
	case l.well.Load() && !errors.Is(err, errStream):
		k.strikes = 0
		return
	case !l.spoke.Load():
		return
	}
	k.strikes++
	known := wasWell(k.container.data)
	if known && k.strikes < maxStrikes {
		return
	}
	k.strikes = 0
	if !known {
		// It must not push out what was set aside before.
		k.log.Warn("RabbitMQ does not start with new data: it is removed", "why", err)
		if err := os.RemoveAll(k.container.data); err != nil {
			k.log.Error("RabbitMQ's data cannot be removed", "error", err)
		}
		return
	}
	aside, asideErr := setAside(k.container.data)
	if asideErr != nil {
		k.log.Error("RabbitMQ's data cannot be set aside", "error", asideErr)
		return
	}
	k.log.Error("RabbitMQ does not start with its data: the room begins anew", "why", err, "kept", aside)
	k.state.put(func(s *state) { s.SetAside = aside })
}

// wellName is a file in RabbitMQ's data that says that RabbitMQ has been well
// with it: then there may be something said in it.
const wellName = ".warren-well"

func wasWell(data string) bool {
	_, err := os.Stat(filepath.Join(data, wellName))
	return err == nil
}

// life is one run of RabbitMQ.
type life struct {
	*keeper
	well  atomic.Bool // it was up and the room's log was fine
	spoke atomic.Bool // RabbitMQ itself wrote to its log
}

// run runs RabbitMQ once and returns why it ended.
func (l *life) run(ctx context.Context) error {
	if err := l.container.remove(ctx); err != nil {
		return fmt.Errorf("end the RabbitMQ that ran before: %w", err)
	}
	l.mend(ctx)
	size, err := l.diskSize(filepath.Dir(l.container.data))
	if err != nil {
		return fmt.Errorf("see how large the card is: %w", err)
	}
	keep, note := kept(l.keepMB, size)
	l.state.put(func(s *state) { s.Note = note })
	if err := l.container.prepare(rabbitmqConf(password(l.url), size), keep); err != nil {
		return err
	}
	// RabbitMQ ends before the flushing does.
	flushCtx, endFlush := context.WithCancel(context.WithoutCancel(ctx))
	var flushing errgroup.Group
	flushing.Go(func() error {
		f := flush.Flusher{Dir: l.container.data, Sync: l.flush(l.container.data), Log: l.log}
		f.Run(flushCtx)
		return nil
	})
	defer flushing.Wait()
	defer endFlush()

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := l.container.runUntil(ctx, func(line string) {
			if logRabbit(ctx, l.log, line) {
				l.spoke.Store(true)
			}
		})
		if errors.Is(err, supervise.ErrKilled) {
			l.log.Warn("RabbitMQ had to be killed", "error", err)
		}
		return err
	})
	g.Go(func() error {
		return watch(ctx, l.url, l.times,
			func() { l.state.set(up, "") },
			l.isWell,
			func() { l.state.set(starting, "") })
	})
	return g.Wait()
}

// isWell notes that RabbitMQ is well with its data.
func (l *life) isWell() {
	if l.well.Swap(true) {
		return
	}
	if err := writeFile(filepath.Join(l.container.data, wellName), nil, 0o600, 0, true); err != nil {
		l.log.Warn("it cannot be noted that RabbitMQ is well", "error", err)
	}
}

// mend makes the files of the streams consistent. What cannot be mended is left
// to RabbitMQ: it may do better, and if not, that shows.
func (l *life) mend(ctx context.Context) {
	reports, err := mend.Streams(ctx, l.container.data)
	if err != nil {
		l.log.Error("a log cannot be mended", "error", err)
	}
	for _, r := range reports {
		if r.Mended {
			l.log.Warn("a log was torn, by a power cut most likely, and has been mended", "report", r.String())
		}
	}
}
