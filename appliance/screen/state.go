package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// The states of the screen.
const (
	shown  = "up"     // the display shows the room
	off    = "off"    // the settings want it so
	none   = "none"   // there is no display
	failed = "failed" // there is one that cannot be drawn on
)

// stateFile is one JSON object that everybody may read.
const stateFile = "screen.state"

type state struct {
	State string `json:"state"`

	// Why is a sentence for the host: what happened, and what to do.
	Why string `json:"why,omitempty"`

	// The display, in pixels and bits per pixel.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	Bits   int `json:"bits,omitempty"`
}

// tell writes the state into dir, whole or not at all. An empty dir is none.
func (s state) tell(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	js, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(dir, stateFile), append(js, '\n'), 0o644, renameio.WithStaticPermissions(0o644))
}
