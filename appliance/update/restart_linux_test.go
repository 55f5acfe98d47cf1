package main

import (
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// gokrazy's own server is asked on its socket; the restart itself is seen in the
// emulator.
func TestAskGokrazy(t *testing.T) {
	m := machine{gokrazy: filepath.Join(t.TempDir(), "gokrazy.sock"), log: slog.New(slog.DiscardHandler)}
	if err := m.ask(t.Context()); err == nil {
		t.Error("nobody was asked, and that is no error")
	}
	l, err := net.Listen("unix", m.gokrazy)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 2)
	status := http.StatusOK
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.URL.Path
		http.Error(w, "said", status)
	})}
	go server.Serve(l)
	defer server.Close()
	if err := m.ask(t.Context()); err != nil {
		t.Error(err)
	}
	if got := <-asked; got != "POST /reboot" {
		t.Errorf("asked for %s", got)
	}
	status = http.StatusInternalServerError
	if err := m.ask(t.Context()); err == nil || !strings.Contains(err.Error(), "500 Internal Server Error: said") {
		t.Error(err)
	}
}
