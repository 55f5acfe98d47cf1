package daemon

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A daemon's first word and its last, in a file in which it has said more.
func TestState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	path := filepath.Join(dir, "burrowd.state")
	life := func(args ...string) *Flags {
		f := NewFlags("burrowd", "")
		folder := f.String("run", dir, "")
		f.TellIn(folder)
		var said bytes.Buffer
		f.Parse(args, &said, &said, func() error { return nil })
		return f
	}
	says := func(when, want string) {
		t.Helper()
		if js, err := os.ReadFile(path); strings.TrimSpace(string(js)) != want {
			t.Errorf("%s it says %s, %v, want %s", when, js, err, want)
		}
	}
	unsaid := NewFlags("burrowd", "")
	unsaid.TellIn(&dir)
	unsaid.openState()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a file before anything is said, which others read as broken: %v", err)
	}
	f := life()
	says("at first", `{"state":"starting"}`)
	if err := os.WriteFile(path, []byte(`{"state":"starting","depth":3}`), 0o644); err != nil {
		t.Fatal(err)
	}
	f.Up()
	says("when it serves", `{"depth":3,"state":"up"}`)
	f.Tell("erased", "E1")
	says("when it has more to say", `{"depth":3,"erased":"E1","state":"up"}`)
	f.Tell("erased", "")
	f.Ended(context.Canceled)
	says("when it was asked to end", `{"depth":3,"erased":"","state":"up"}`)
	if err := os.WriteFile(path, []byte(`{"state":"up","depth":3}`), 0o644); err != nil {
		t.Fatal(err)
	}
	f = life()
	says("again", `{"depth":3,"state":"starting"}`)
	f.Ended(errors.New("it has rained"))
	says("when it ends", `{"depth":3,"state":"failed","why":"it has rained"}`)
	f = life()
	says("when it is started again", `{"depth":3,"state":"failed","why":"it has rained"}`)
	f.Up()
	life("-depth=x")
	says("when it is called in a wrong way", `{"depth":3,"state":"failed","why":"burrowd was called in a wrong way: error parsing commandline arguments: flag provided but not defined: -depth"}`)
	if err := os.WriteFile(path, []byte(`{"sta`), 0o644); err != nil {
		t.Fatal(err)
	}
	life("-config", filepath.Join(dir, "none.json"))
	says("while there are no settings, over half a file", `{"state":"starting"}`)

	// A folder that the flags refuse because it is not below / is not made.
	t.Chdir(t.TempDir())
	dir = "run"
	life("-depth=x")
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it has made the folder %s: %v", dir, err)
	}

	// Nowhere.
	dir = ""
	f = life()
	f.Up()
	f.Tell("erased", "E1")
	f.Ended(errors.New("nobody asks"))
}
