package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestState(t *testing.T) {
	var said bytes.Buffer
	s := newStatus(filepath.Join(t.TempDir(), "hotspot.state"), "rabbit", "wlan0", slog.New(slog.NewTextHandler(&said, nil)))
	read := func() (now state) {
		b, err := os.ReadFile(s.path)
		if err == nil {
			err = json.Unmarshal(b, &now)
		}
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	for _, step := range []struct {
		part       part
		state, why string
		whole      string
		wholeWhy   string
	}{
		{partFirewall, up, "", starting, ""},
		{partNames, failed, "no dnsmasq", failed, "no dnsmasq"},
		{partNetwork, failed, "no radio", failed, "no radio"}, // the cause comes first
		{partNetwork, starting, "no cable", failed, "no dnsmasq"},
		{partNames, up, "", starting, "no cable"},
		{partNetwork, up, "another channel", up, "another channel"},
		{partNetwork, up, "", up, ""},
	} {
		s.set(step.part, step.state, step.why)
		s.set(step.part, step.state, step.why) // again is no news
		if now := read(); now.State != step.whole || now.Why != step.wholeWhy || now.Name != "rabbit" || now.Interface != "wlan0" {
			t.Errorf("after %s is %s: %+v", step.part, step.state, now)
		}
	}
	if n := strings.Count(said.String(), "no radio"); n != 1 {
		t.Errorf("said %d times:\n%s", n, &said)
	}
	for stations, full := range map[int]bool{7: false, 8: true, 9: true} {
		s.put(func(now *state) { now.Stations, now.Max = stations, 8 })
		if now := read(); now.Full != full {
			t.Errorf("%d of 8: %+v", stations, now)
		}
	}
	s.put(func(now *state) { now.Max = 0 })
	if read().Full {
		t.Error("full, and it is not known of how many")
	}
}
