package uplink

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestStartedAgain: the client ends when nobody answers, and then the cable may
// be plugged in.
func TestStartedAgain(t *testing.T) {
	dir := t.TempDir()
	client, calls := filepath.Join(dir, "client"), filepath.Join(dir, "calls")
	if err := os.WriteFile(client, []byte("#!/bin/sh\necho \"$@\" >>"+calls+"\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		Client{Program: client, Interface: "eth0", Log: slog.New(slog.DiscardHandler)}.Run(ctx)
	}()
	defer func() { cancel(); <-done }()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		b, _ := os.ReadFile(calls)
		if strings.HasPrefix(string(b), "-interface=eth0\n-interface=eth0\n") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute it was called so: %q", b)
		}
	}
}
