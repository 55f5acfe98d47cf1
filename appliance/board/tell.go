package main

import (
	"bytes"
	"encoding/json"
	"log/slog"

	"github.com/google/renameio/v2"

	"warren/internal/status"
)

// teller tells the other daemons how the board is.
type teller struct {
	path string
	log  *slog.Logger
	last []byte
}

// tell writes the file, whole or not at all, if there is something new.
func (t *teller) tell(b status.Board) {
	js, err := json.Marshal(b)
	if err == nil {
		if bytes.Equal(js, t.last) {
			return
		}
		err = renameio.WriteFile(t.path, append(js, '\n'), 0o644, renameio.WithStaticPermissions(0o644))
	}
	if err != nil {
		t.log.Error("the state of the board cannot be told", "error", err)
	}
	t.last = js
}
