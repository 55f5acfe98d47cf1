package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"
)

// hotspotInterval is how often the hotspot's state is read: its daemon does not
// say when it changes. Nobody looks at the lamp for less than two seconds.
const hotspotInterval = 2 * time.Second

// maxHotspot bounds the file: it holds some names and a sentence.
const maxHotspot = 64 << 10

// watchHotspot tells whether the hotspot has failed, as its daemon writes into
// the file path, each time that changes, until ctx ends. A file that is missing
// or cannot be read says nothing; without a path there is no hotspot.
func watchHotspot(ctx context.Context, path string, tell func(failed bool)) {
	if path == "" {
		return
	}
	tick := time.NewTicker(hotspotInterval)
	defer tick.Stop()
	for last := false; ; {
		if failed, ok := hotspotFailed(path); ok && failed != last {
			last = failed
			tell(failed)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

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
