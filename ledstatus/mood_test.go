package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"warren/internal/status"
	"warren/ledstatus/blink"
)

// What keeps most people from chatting is shown, and as each goes away the next
// one is.
func TestMood(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hotspot.state")
	write := func(path, js string) {
		if err := os.WriteFile(path, []byte(js), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * watchInterval) // of the bubble: no time passes outside
		synctest.Wait()
	}
	tell := func(js string) { write(path, js) }
	board := func(js string) { write(filepath.Join(filepath.Dir(path), status.BoardFile), js) }
	synctest.Test(t, func(t *testing.T) {
		light := newWitness(t)
		m := mood{lamp: blink.New(light, slog.New(slog.DiscardHandler)), mistakes: 2}
		go m.lamp.Run(t.Context())
		go watch(t.Context(), path, hotspotFailed, m.hotspot)
		go watch(t.Context(), filepath.Dir(path), supplyIsWeak, m.supply)
		shows := func(want blink.State) {
			t.Helper()
			synctest.Wait()
			last := ""
			for len(light.seen) > 0 {
				if s := <-light.seen; s != "on" && s != "off" {
					last = s
				}
			}
			if want := want.String() + ", 0 messages"; last != want {
				t.Errorf("it shows %q, want %q", last, want)
			}
		}
		shows(blink.Starting)
		m.broker(true)
		time.Sleep(time.Second)
		shows(blink.BadSettings)
		tell(`{"state": "failed", "why": "there is no radio"}`)
		shows(blink.NoWiFi)
		m.broker(false)
		time.Sleep(10 * time.Second)
		shows(blink.NoBroker)
		m.broker(true)
		time.Sleep(10 * time.Second)
		shows(blink.NoWiFi)
		board(`{"power": {"low": true, "times": 1}}`)
		tell(`{"state": "up"}`)
		time.Sleep(10 * time.Second)
		shows(blink.UnderVoltage)
		board(`{"power"`) // says nothing
		time.Sleep(10 * time.Second)
		board(`{"power": {"low": false, "times": 1}}`)
		time.Sleep(10 * time.Second)
		shows(blink.BadSettings)
	})
}

// What cannot be read says nothing.
func TestHotspotFile(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string][2]bool{
		`{"state": "failed"}`: {true, true},
		`{"state": "up"}`:     {false, true},
		`{"state": `:          {false, false},
	} {
		path := filepath.Join(dir, "hotspot.state")
		os.WriteFile(path, []byte(content), 0o600)
		if failed, ok := hotspotFailed(path); failed != want[0] || ok != want[1] {
			t.Errorf("%s: %v, %v", content, failed, ok)
		}
	}
	if _, ok := hotspotFailed(filepath.Join(dir, "none")); ok {
		t.Error("a file that is not there says something")
	}
}
