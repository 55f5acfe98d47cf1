package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLastProcessor(t *testing.T) {
	for _, test := range []struct{ controllers, usable, want string }{
		{"cpuset cpu io memory pids\n", "0-3\n", "3"},
		{"cpuset cpu\n", "0-1,3\n", "3"},
		{"cpu cpuset\n", "0\n", "0"}, // a board with one
		{"cpu io memory pids\n", "0-3\n", ""},
		{"cpuset\n", "", ""},
		{"", "0-3\n", ""}, // the older cgroups
	} {
		root := t.TempDir()
		for name, text := range map[string]string{"cgroup.controllers": test.controllers, "cpuset.cpus.effective": test.usable} {
			if text == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := lastProcessor(root); got != test.want {
			t.Errorf("of %q, with %q: %q, not %q", test.usable, test.controllers, got, test.want)
		}
	}
}
