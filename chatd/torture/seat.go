package main

import (
	"context"
	"sync"
	"time"
)

// seat is a phone that is kept in the room, and may be taken out for a while.
type seat struct {
	phone *Phone
	mu    sync.Mutex
	leave func()
}

// sit brings the phone into the room.
func (s *seat) sit(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); s.phone.Online(ctx) }()
	s.leave = func() { cancel(); <-done }
}

// away takes the phone out for a while.
func (s *seat) away(ctx context.Context, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave()
	pause(ctx, d)
	s.sit(ctx)
}
