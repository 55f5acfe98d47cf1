package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"warren/ledstatus/light"
)

// state is what the file ledstatus.state holds, one JSON object: whether there is
// the light that the settings name.
type state struct {
	State string `json:"state"`         // starting: it is looked for; up: it is there; off: none is wanted
	Why   string `json:"why,omitempty"` // a sentence for the host: why it is not
}

// stateFile tells the other daemons of the light. It can while this process is
// root: once the light is open there is nothing new to tell.
type stateFile struct {
	dir string // "": nobody is told
	log *slog.Logger
}

// looking tells that the light is looked for, and what was in the way, if anything.
func (f stateFile) looking(err error) {
	s := state{State: "starting"}
	var no *light.NoLEDError
	switch {
	case errors.As(err, &no):
		s.Why = no.Sentence()
	case err != nil:
		s.Why = "The light cannot be used: " + err.Error()
	}
	f.tell(s)
}

// open tells that the light is there.
func (f stateFile) open(spec string) {
	if spec == light.None {
		f.tell(state{State: "off"})
		return
	}
	f.tell(state{State: "up"})
}

func (f stateFile) tell(s state) {
	if f.dir == "" {
		return
	}
	js, err := json.Marshal(s)
	if err == nil {
		err = os.MkdirAll(f.dir, 0o755)
	}
	if err == nil {
		err = renameio.WriteFile(filepath.Join(f.dir, "ledstatus.state"), append(js, '\n'), 0o644, renameio.WithStaticPermissions(0o644))
	}
	if err != nil {
		f.log.Warn("the other daemons cannot be told of the light", "error", err)
	}
}
