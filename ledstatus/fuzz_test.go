package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// FuzzHotspot: whatever is in the hotspot's file, the lamp tells of a failure
// only where it says so.
func FuzzHotspot(f *testing.F) {
	f.Add([]byte(`{"state":"failed","why":"x"}`))
	f.Add([]byte(`{"state":"up"}{"state":"failed"}`))
	f.Add([]byte(`{"State":7}`))
	f.Add([]byte("null\x00"))
	path := filepath.Join(f.TempDir(), "hotspot.state")
	f.Fuzz(func(t *testing.T, js []byte) {
		if err := os.WriteFile(path, js, 0o600); err != nil {
			t.Fatal(err)
		}
		failed, ok := hotspotFailed(path)
		if failed && !ok {
			t.Fatal("it has failed, and says nothing")
		}
		var s struct{ State string }
		if err := json.Unmarshal(js, &s); err == nil && len(js) <= maxHotspot && (!ok || failed != (s.State == "failed")) {
			t.Fatalf("%q: failed %v, %v", js, failed, ok)
		}
	})
}
