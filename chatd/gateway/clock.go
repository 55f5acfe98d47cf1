package gateway

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"warren/chatd/chat"
)

// The box has no clock. It learns from the phones when it was switched on, and
// writes that to the log once (chat.Clock), so that what is said now still has a
// time after the next boot, and in a transcript. Nothing waits for it and nothing
// depends on it: order is the log's. docs/times.md has the rules.

const (
	// quorum is how many phones must agree. Two may be of one person, who has
	// set both; with three, one may be wrong.
	quorum = 3

	// agreement is how far from the median a phone's clock may be to agree
	// with it. Clocks set by a network are right to a second; those set by
	// hand, to a minute or two.
	agreement = 2 * time.Minute

	// change is the difference at which another median is worth a record. A
	// time is shown in minutes; the boxes' quartz loses 5 seconds a day.
	change = 30 * time.Second

	// maxVoices is how many phones are remembered: more than one box serves.
	// Each takes 100 bytes.
	maxVoices = 1000

	// askedAgain is when a record that has not come back is not waited for
	// any more.
	askedAgain = time.Minute
)

// Times that a phone can tell: Warren was not there before, and a clock that is
// beyond has run away.
var (
	earliest = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
)

// clock is what is known of when this boot began, in unix milliseconds. It may be
// used concurrently.
type clock struct {
	told chan struct{} // capacity 1: there may be something to publish

	mu     sync.Mutex
	voices map[string]int64 // person → when the boot began by the phone's clock
	order  []string         // persons, the one heard first first
	host   *chat.Clock      // by the phone of the first host who came

	asked    *chat.BootClock // what this daemon last told the log
	askedFor int             // how many phones that was the median of
	askedAt  time.Duration   // uptime at that moment
	askedIn  string          // the epoch of the log
}

func newClock() *clock {
	return &clock{told: make(chan struct{}, 1), voices: make(map[string]int64)}
}

// hear takes what a phone has on its clock, at, at the moment now. One that
// cannot be is ignored. The phone of a host needs nobody to agree with it.
func (c *clock) hear(p chat.Person, at int64, now chat.Stamp, host bool) {
	if at < earliest || at >= latest || at-now.UpMS < earliest {
		return
	}
	began := at - now.UpMS
	c.mu.Lock()
	defer c.mu.Unlock()
	if host && c.host == nil {
		c.host = &chat.Clock{Boot: now.Boot, Began: began, By: &p}
	}
	if _, again := c.voices[p.ID]; !again {
		if len(c.order) == maxVoices {
			delete(c.voices, c.order[0])
			c.order = c.order[1:]
		}
		c.order = append(c.order, p.ID)
	}
	c.voices[p.ID] = began
	select {
	case c.told <- struct{}{}:
	default:
	}
}

// due returns what the log should be told at the moment now, if anything. inLog
// is what it, which has that epoch, says of this boot; nil for nothing.
func (c *clock) due(inLog *chat.BootClock, epoch string, now chat.Stamp) *chat.Clock {
	c.mu.Lock()
	defer c.mu.Unlock()
	up := time.Duration(now.UpMS) * time.Millisecond
	known, voices := inLog, quorum // of another daemon's record this is all that is sure
	if c.asked != nil && c.askedIn == epoch && up-c.askedAt < askedAgain && (inLog == nil || !inLog.ByHost) {
		known = c.asked // it is on its way
	}
	if known != nil && known.ByHost {
		return nil // only a host changes what a host has said, by the verb clock
	}
	if known != nil && c.asked != nil && known.Began == c.asked.Began {
		voices = c.askedFor
	}
	next := c.host
	if next == nil {
		began, ok := median(c.voices)
		if !ok || known != nil && (len(c.voices) <= voices || near(known.Began, began, change)) {
			return nil
		}
		next = &chat.Clock{Boot: now.Boot, Began: began}
	}
	c.asked = &chat.BootClock{Boot: next.Boot, Began: next.Began, ByHost: next.By != nil}
	c.askedFor, c.askedAt, c.askedIn = len(c.voices), up, epoch
	return next
}

// median returns the middle of what phones say, if enough of them agree: quorum at
// least, and more than half of all. Half and half is no answer: nobody knows which
// half is right.
func median(voices map[string]int64) (began int64, ok bool) {
	all := make([]int64, 0, len(voices))
	for _, v := range voices {
		all = append(all, v)
	}
	if len(all) < quorum {
		return 0, false
	}
	slices.Sort(all)
	middle := all[len(all)/2]
	agree := 0
	for _, v := range all {
		if near(v, middle, agreement) {
			agree++
		}
	}
	return middle, agree >= quorum && agree > len(all)/2
}

func near(a, b int64, d time.Duration) bool { return max(a-b, b-a) <= d.Milliseconds() }

// clockID is the record's id: that of another daemon of the same machine that has
// found the same. Boot ids are random, so their beginning tells them apart.
func clockID(c *chat.Clock) string {
	return "clock-" + c.Boot[:min(8, len(c.Boot))] + "-" + strconv.FormatInt(c.Began, 10)
}

// heardTime is told what a phone's hello says of the time.
func (g *Gateway) heardTime(p chat.Person, at int64, host bool) {
	g.clock.hear(p, at, g.Clock(), host)
}

// watchClock tells the log when this boot began, once that is known and the
// exchange is reached, until ctx ends.
func (g *Gateway) watchClock(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.clock.told:
		}
		if !g.untilUp(ctx) {
			return
		}
		now := g.Clock()
		epoch := g.Room.Epoch()
		next := g.clock.due(bootClock(g.Room.State().Clocks, now.Boot), epoch, now)
		if next == nil {
			continue
		}
		// True: nobody but hosts, and this daemon, may.
		if err := g.Room.Do(next, clockID(next), true); err != nil {
			g.Log.Warn("The log was not told when this boot began", "err", err)
		}
	}
}

// untilUp waits until the exchange is reached: before, nobody knows what the log
// says. It returns false if ctx ends first.
func (g *Gateway) untilUp(ctx context.Context) bool {
	event := g.Room.Tail()
	for !g.Room.Up() {
		select {
		case <-ctx.Done():
			return false
		case <-event.Ready():
		}
		event = event.Next()
	}
	return true
}

// bootClock returns when a boot began, nil if that is not known.
func bootClock(clocks []chat.BootClock, boot string) *chat.BootClock {
	if i := slices.IndexFunc(clocks, func(c chat.BootClock) bool { return c.Boot == boot }); i >= 0 {
		return &clocks[i]
	}
	return nil
}
