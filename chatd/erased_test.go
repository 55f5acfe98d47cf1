package main

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
	"warren/chatd/room"
	"warren/chatd/uptime"
)

// What was set aside of older logs goes when a host erases: that is told with the new log's epoch, and again
// by a chatd that finds such a log when it starts.
func TestErasedIsTold(t *testing.T) {
	exchange := memory.New()
	run := func(told func(epoch string)) (r *room.Room, end func()) {
		r = room.New(exchange, uptime.Now, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { r.Run(ctx) })
		wg.Go(func() { tellErased(ctx, r, told) })
		return r, func() { cancel(); wg.Wait() }
	}
	wait := func(epochs <-chan string) string {
		t.Helper()
		select {
		case epoch := <-epochs:
			return epoch
		case <-time.After(time.Minute):
			t.Fatal("nothing is told")
			return ""
		}
	}
	told := make(chan string, 10)
	r, end := run(func(epoch string) { told <- epoch })
	for at := r.Tail(); !r.Known(); at = at.Next() {
		<-at.Ready()
	}
	before := r.Epoch()
	if err := r.Do(&chat.Erase{By: chat.Person{ID: "host", Name: "Host"}}, "erase", true); err != nil {
		t.Fatal(err)
	}
	epoch := wait(told)
	if epoch == before || epoch != r.Epoch() {
		t.Errorf("told of %s: the log was %s and is %s", epoch, before, r.Epoch())
	}
	if state, _ := r.Broker(); state != fanout.Up {
		t.Errorf("the exchange is %v", state)
	}
	end()
	if len(told) > 0 {
		t.Errorf("told again, of %s", <-told)
	}
	_, end = run(func(epoch string) { told <- epoch })
	defer end()
	if again := wait(told); again != epoch {
		t.Errorf("after a restart told of %s, not of %s", again, epoch)
	}
}
