package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
)

// The states of the broker.
const (
	starting  = "starting"  // not there yet: it is being started
	up        = "up"        // a client can log in
	failed    = "failed"    // it has ended, or does not come up; it is tried again
	elsewhere = "elsewhere" // the settings name another broker; nothing is known of it here
)

// state is what the file broker.state holds, one JSON object.
type state struct {
	State string `json:"state"`
	Why   string `json:"why,omitempty"` // a sentence for the host, if failed

	// Starts counts how often the broker was started since the daemon was.
	Starts int `json:"starts"`

	// SetAside is sentences for the host about RabbitMQ's data that are kept
	// and with which it did not start, and with them the room's history.
	SetAside string `json:"set_aside,omitempty"`

	// InMemory is sentences for the host if what is said is kept in memory only,
	// because the card cannot be written.
	InMemory string `json:"in_memory,omitempty"`

	// Note is a sentence for the host about a setting that is not as it was
	// asked for.
	Note string `json:"note,omitempty"`
}

// stateFile tells the other daemons how the broker is. Its methods may be called concurrently.
type stateFile struct {
	path string
	log  *slog.Logger

	mu   sync.Mutex
	last state
}

// set changes the state and tells everybody, if it is another.
func (f *stateFile) set(name, why string) {
	f.put(func(s *state) { s.State, s.Why = name, why })
}

func (f *stateFile) put(change func(*state)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.last
	change(&now)
	if now == f.last {
		return
	}
	if now.State != f.last.State || now.Why != f.last.Why {
		level := slog.LevelInfo
		if now.State == failed {
			level = slog.LevelError
		}
		var why []any
		if now.Why != "" {
			why = []any{"why", now.Why}
		}
		f.log.Log(context.Background(), level, "the broker is "+now.State, why...)
	}
	f.last = now
	js, err := json.Marshal(now)
	if err == nil {
		err = writeFile(f.path, append(js, '\n'), 0o644, 0, false)
	}
	if err != nil {
		f.log.Error("the state of the broker cannot be told", "error", err)
	}
}
