package session

import (
	"context"
	"sync"
	"time"

	"warren/chatd/room"
)

// Registry holds all sessions of a daemon: one goroutine wakes them when there
// are events, pings them and looks for those that fell behind, and a shutdown
// waits for them. Its methods may be
// called concurrently.
type Registry struct {
	mu       sync.Mutex
	sessions map[*Session]time.Time // when to ping it next
	closed   bool
	gone     sync.Cond // a session has ended
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	r := &Registry{sessions: make(map[*Session]time.Time)}
	r.gone.L = &r.mu
	return r
}

// Go runs s in goroutines of its own, and calls ended at its end. It follows
// events while Watch runs. After Close it is closed at once.
func (r *Registry) Go(s *Session, p Protocol, ended func()) {
	r.mu.Lock()
	r.sessions[s] = time.Now().Add(pingInterval)
	if r.closed {
		s.Close(Restart, restarts)
	}
	r.mu.Unlock()
	go r.run(s, p, ended)
}

func (r *Registry) run(s *Session, p Protocol, ended func()) {
	s.Run(p)
	ended()
	r.mu.Lock()
	delete(r.sessions, s)
	r.gone.Broadcast()
	r.mu.Unlock()
}

// Len returns how many sessions there are.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions)
}

// Behind returns how many bytes the furthest session is behind the event to.
func (r *Registry) Behind(to *room.Event) (most int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.sessions {
		most = max(most, s.Behind(to))
	}
	return most
}

// When this many messages have come since sessions were woken, the next wait until
// gatherTime is over, so that they go out together: a write to each of a hundred
// phones takes a processor half a millisecond, and on the air each is a packet. The
// two say that nobody waits before there are 3,200 messages a second, which no room
// of people writes, and nobody longer than is noticed.
const (
	gatherFrom = 16
	gatherTime = 5 * time.Millisecond
)

// Watch wakes sessions when there are events, pings them and closes those that
// are too far behind, until ctx ends. Tail is the newest event.
func (r *Registry) Watch(ctx context.Context, tail func() *room.Event) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	woken := tail()
	for {
		// What comes while sessions are woken is seen in the next round.
		newest := tail()
		r.wake()
		if entriesBetween(woken, newest) >= gatherFrom {
			time.Sleep(gatherTime)
		}
		woken = newest
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			r.look(now, tail())
		case <-newest.Ready():
		}
	}
}

// entriesBetween counts the entries of the events after from, up to to.
func entriesBetween(from, to *room.Event) (n int) {
	for from != to {
		from = from.Next()
		n += len(from.Entries)
	}
	return n
}

func (r *Registry) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.sessions {
		s.Wake()
	}
}

// ping is a ping frame.
var ping = appendFrame(nil, opPing, nil)

// look pings and closes whom it is time for.
func (r *Registry) look(now time.Time, newest *room.Event) {
	most := int64(0)
	r.mu.Lock()
	for s, at := range r.sessions {
		by := s.Behind(newest)
		most = max(most, by)
		if by > maxBehind {
			s.Close(TooSlow, "too slow to keep up: resume")
		} else if now.After(at) {
			s.Send(ping)
			r.sessions[s] = now.Add(pingInterval)
		}
	}
	r.mu.Unlock()
	behind.Set(float64(most))
}

const restarts = "the server restarts"

// Close closes all sessions, and those that are still to come, with Restart. It
// does not wait: each ends within EndTime.
func (r *Registry) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for s := range r.sessions {
		s.Close(Restart, restarts)
	}
}

// Wait waits until there are no sessions, or ctx ends.
func (r *Registry) Wait(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.gone.Broadcast()
	})
	defer stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.sessions) > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.gone.Wait()
	}
	return nil
}
