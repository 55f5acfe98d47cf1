package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/internal/status"
)

// Whoever asks a card how it is learns that it has not the light of its settings.
func TestMissingLightIsTold(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	dir := filepath.Join(t.TempDir(), "run")
	for spec, want := range map[string]string{
		"blue": "There is no LED blue here: this board has ",
		"none": "The settings say that no LED is used.",
	} {
		execute(t, stopped, "-broker", broker, "-light", spec, "-wait", "-run", dir, "-log-level", "error")
		all := status.At(dir, 0)
		if len(all) != 1 || all[0].Title != "LED" || all[0].Wrong || !strings.HasPrefix(strings.Join(all[0].Text, " "), want) {
			js, _ := os.ReadFile(filepath.Join(dir, "ledstatus.state"))
			t.Errorf("-light %s: %+v, of %s", spec, all, js)
		}
	}
}
