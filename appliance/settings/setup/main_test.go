package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"warren/appliance/settings"
	"warren/chatd/daemon"
)

// What is told is what a daemon gets as its flags, and nobody else can read it.
func TestTell(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	s := settings.Default()
	s.Room.Title = `Room #5 "quoted"`
	s.Broker.URL = "amqp://u:p%23@host/"
	for range 2 { // again over what is there
		if err := tell(dir, s); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string][2]string{
		"chatd": {"title", s.Room.Title}, "ledstatus": {"light", "ACT"}, "broker": {"broker-url", s.Broker.URL},
	} {
		path := filepath.Join(dir, name+".json")
		f := daemon.NewFlags(name, "")
		got := f.String(want[0], "", "")
		var said bytes.Buffer
		if exit, ok := f.Parse([]string{"-config", path}, &said, &said, func() error { return nil }); !ok || *got != want[1] {
			t.Errorf("%s: exit %d, %q, %s", name, exit, *got, &said)
		}
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, fi.Mode(), err)
		}
	}
}
