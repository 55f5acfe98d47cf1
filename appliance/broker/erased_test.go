package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"warren/internal/status"
)

// erasing returns a life in which RabbitMQ is well, with older logs beside its data, and what has
// chatd tell that the log of an epoch is what an erasure has left.
func erasing(t *testing.T) (l *life, chatd func(js string)) {
	t.Helper()
	k, _ := fake(t, speaks+"exit 1")
	k.told = t.TempDir()
	data := k.container.data
	for path, said := range map[string]string{data: "new", asideName(data, ""): "old", asideName(data, "3.10.8"): "older", copyName(data, "3.10.8"): "copied"} {
		wrote(t, path, "4.0.5", said)
	}
	if err := os.MkdirAll(filepath.Join(filepath.Dir(data), "warren"), 0o755); err != nil {
		t.Fatal(err)
	}
	l = &life{keeper: k, own: "4.0.5", wellNow: make(chan struct{})}
	k.tellAside(l.own)
	return l, func(js string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(k.told, status.ChatFile), []byte(js), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// watching runs watchErased, and returns what ends it.
func (l *life) watching(t *testing.T) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- l.watchErased(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestErasedForGood: once a host has erased the room, nothing of before is on the card, and /status does not say that
// something is. What is set aside later stays, whatever is started again and told again.
func TestErasedForGood(t *testing.T) {
	l, chatd := erasing(t)
	data := l.container.data
	chatd(`{"state":"up"}`)
	end := l.watching(t)
	chatd(`{"state":"up","erased":"E1"}`)
	if left, _ := filepath.Glob(data + "-*"); len(left) != 2 {
		t.Errorf("before RabbitMQ is well there is %v: a copy is the only way back", left)
	}
	close(l.wellNow)
	eventually(t, "older logs are gone", func() bool {
		left, _ := filepath.Glob(data + "*")
		return len(left) == 1 && readState(t, l.state.path).SetAside == ""
	})
	end()
	holds(t, data, "new")

	again := &life{keeper: &keeper{container: l.container, told: l.told, state: l.state, log: l.log, times: l.times}, own: "4.0.5"}
	wrote(t, asideName(data, ""), "4.0.5", "said since")
	if again.forgetErased() {
		t.Error("it is done again when the daemon is started again")
	}
	holds(t, asideName(data, ""), "said since")
	chatd(`{"state":"starting"}`)
	if again.forgetErased() {
		t.Error("chatd has told of no erasure")
	}
	chatd(`{"state":"up","erased":"E2"}`)
	if !again.forgetErased() || again.forgetErased() {
		t.Error("another erasure is not noticed, or twice")
	}
	holds(t, asideName(data, ""), "")
	holds(t, data, "new")
}

// TestErasedAndThenDamaged: what is older goes before the log is set aside that came after it.
func TestErasedAndThenDamaged(t *testing.T) {
	l, chatd := erasing(t)
	data := l.container.data
	chatd(`{"state":"up","erased":"E1"}`)
	l.spoke.Store(true)
	for range maxStrikes {
		l.strike(l, errors.New("it does not start"))
	}
	holds(t, asideName(data, "3.10.8"), "")
	holds(t, asideName(data, ""), "new")
	close(l.wellNow)
	end := l.watching(t)
	defer end()
	chatd(`{"state":"up","erased":"E1"}`)
	for range 3 {
		l.forgetErased()
	}
	holds(t, asideName(data, ""), "new")
}

// TestNotErased: where nothing was erased, or not here, older logs stay.
func TestNotErased(t *testing.T) {
	for _, js := range []string{`{"state":"up"}`, `{"state":"up","erased":""}`, `{"erased":1}`, `{"erased":null}`, `{"erased":"E`, ``, `[]`} {
		l, chatd := erasing(t)
		chatd(js)
		if l.forgetErased() {
			t.Errorf("%s counts as an erasure", js)
		}
		holds(t, asideName(l.container.data, ""), "old")
	}
	l, chatd := erasing(t)
	if l.forgetErased() {
		t.Error("chatd has said nothing yet")
	}
	chatd(`{"erased":"E1"}`)
	l.inMemory = true
	if l.forgetErased() {
		t.Error("it is the log in memory that was erased")
	}
	holds(t, asideName(l.container.data, ""), "old")
}
