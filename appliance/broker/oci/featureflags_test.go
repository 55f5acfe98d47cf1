package oci

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
)

// TestEnableFlags has a real RabbitMQ that has enabled none of its stable feature
// flags, as one that was updated has not enabled the new ones: once it is allowed
// to, it enables all that a new node has, and no experimental one.
func TestEnableFlags(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	want := flags(t, node.ForTest(t).Dir())
	dir := t.TempDir()
	allowed := filepath.Join(dir, FlagsName)
	n, err := node.Start(t.Context(), node.Options{Dir: dir, Args: []string{
		"-rabbit", "forced_feature_flags_on_init", "[]", "-eval", enableFlags(allowed)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	if got := flags(t, dir); got == want {
		t.Fatalf("all feature flags are enabled before they may be: %s", got)
	}
	if err := os.WriteFile(allowed, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); flags(t, dir) != want; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("these feature flags are enabled: %s\nwant %s", flags(t, dir), want)
		}
	}
	log := said(t, dir)
	if !strings.Contains(log, "` enabled") && !strings.Contains(log, "mark as enabled=true") || strings.Contains(log, "could be enabled") {
		t.Errorf("RabbitMQ does not say what it has enabled:\n%s", log)
	}

	// There is nothing to do the next time, and nothing is said.
	if err := n.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := flags(t, dir); got != want {
		t.Errorf("after a kill: %s\nwant %s", got, want)
	}
}

// TestEnableFlagsFails has a RabbitMQ without the function: it says so, and runs
// on.
func TestEnableFlagsFails(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	dir := t.TempDir()
	expression := strings.ReplaceAll(enableFlags(dir+"/"+FlagsName), "rabbit_feature_flags:list", "rabbit_feature_flags:none")
	if err := os.WriteFile(filepath.Join(dir, FlagsName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n, err := node.Start(t.Context(), node.Options{Dir: dir, Args: []string{"-eval", expression}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	for deadline := time.Now().Add(time.Minute); !strings.Contains(said(t, dir), "Feature flags: not all that are stable could be enabled: undef"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not say that it could not enable them")
		}
	}
	openLog(t, n.URL(), 50_000).say(1)
}

// flags returns the list of enabled feature flags in a node's data.
func flags(t *testing.T, dir string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "data", "*-feature_flags"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("the lists of feature flags: %v, %v", paths, err)
	}
	b, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// said returns a node's log.
func said(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "rabbitmq.log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
