package session

import (
	"context"
	"sync"
	"time"

	"warren/chatd/room"
)

// Registry holds all sessions of a daemon: one timer pings them and looks for
// those that fell behind, and a shutdown waits for them. Its methods may be
// called concurrently.
type Registry struct {
	mu       sync.Mutex
	sessions map[*Session]time.Time // when to ping it next
	closed   bool
	wg       sync.WaitGroup
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{sessions: make(map[*Session]time.Time)} }

// Go runs s in goroutines of its own. After Shutdown it closes s at once.
func (r *Registry) Go(s *Session, p Protocol, ended func()) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		s.Close(Restart, "the server restarts")
		s.Run(p)
		ended()
		return
	}
	r.sessions[s] = time.Now().Add(pingInterval)
	r.wg.Add(1)
	r.mu.Unlock()
	go func() {
		defer r.wg.Done()
		s.Run(p)
		r.mu.Lock()
		delete(r.sessions, s)
		r.mu.Unlock()
		ended()
	}()
}

// Len returns how many sessions there are.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions)
}

// Watch pings sessions and closes those that are too far behind, until ctx
// ends.
func (r *Registry) Watch(ctx context.Context, tail func() *room.Event) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	ping := appendFrame(nil, opPing, nil)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			end := tail()
			r.mu.Lock()
			for s, at := range r.sessions {
				if s.Behind(end) > maxBehind {
					s.Close(TooSlow, "too slow to keep up: resume")
				} else if now.After(at) {
					s.Send(ping)
					r.sessions[s] = now.Add(pingInterval)
				}
			}
			r.mu.Unlock()
		}
	}
}

// Shutdown closes all sessions with Restart and waits for their end, or ctx's.
func (r *Registry) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	for s := range r.sessions {
		s.Close(Restart, "the server restarts")
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		r.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
