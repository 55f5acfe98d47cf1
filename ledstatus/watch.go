package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"warren/internal/status"
)

// watchInterval is how often what other daemons tell is read: they do not say when
// it changes. Nobody looks at the lamp for less than two seconds.
const watchInterval = 2 * time.Second

// watch tells whether something is so, as another daemon writes it at path, each
// time that changes, until ctx ends. What is missing or cannot be read, for which is
// returns no ok, says nothing; without a path there is no such daemon.
func watch(ctx context.Context, path string, is func(path string) (so, ok bool), tell func(so bool)) {
	if path == "" {
		return
	}
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for last := false; ; {
		if so, ok := is(path); ok && so != last {
			last = so
			tell(so)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// maxHotspot bounds the hotspot's file: it holds some names and a sentence.
const maxHotspot = 64 << 10

// hotspotFailed reads the file of the hotspot's daemon.
func hotspotFailed(path string) (failed, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return false, false
	}
	defer f.Close()
	var s struct{ State string }
	if err := json.NewDecoder(io.LimitReader(f, maxHotspot)).Decode(&s); err != nil {
		return false, false
	}
	return s.State == "failed", true
}

// supplyIsWeak reads, in the folder dir, what the board's daemon tells.
func supplyIsWeak(dir string) (weak, ok bool) {
	b, err := status.ReadBoard(dir)
	if err != nil {
		return false, false
	}
	return b.Power != nil && b.Power.Low, true
}
