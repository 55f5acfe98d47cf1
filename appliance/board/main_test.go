package main

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warren/appliance/board/why"
	"warren/internal/status"
)

// The daemon tells how the board is, and what all daemons say stands in the file on
// the boot partition, as a laptop reads it.
func TestServe(t *testing.T) {
	root, run, device := pi(t), filepath.Join(t.TempDir(), "run"), bootPartition(t)
	set(t, run, "broker.state", `{"state":"failed","why":"RabbitMQ does not answer"}`)
	set(t, root, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, run, root, device, slog.New(slog.DiscardHandler)) }()
	var text string
	for late := time.Now().Add(settle + 10*time.Second); !strings.HasPrefix(text, "SOMETHING WAS WRONG"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%s is %s", why.Name, text)
		}
		out, err := exec.Command("mtype", "-i", device, "::"+why.Name).Output()
		if err != nil {
			t.Fatal(err)
		}
		text = string(out)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, want := range []string{"RabbitMQ does not answer.\r\n", "It is a Raspberry Pi 4 Model B Rev 1.4.\r\n", "The power supply is too weak"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %q: %s", why.Name, want, text)
		}
	}
	b, err := status.ReadBoard(run)
	if err != nil || b.Power == nil || !b.Power.Low || b.Noted == 0 || b.Version == "" {
		t.Errorf("%+v, %v", b, err)
	}
	if out, err := exec.Command("fsck.vfat", "-n", device).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// bootPartition returns a boot partition with the file, as the builder makes it.
func bootPartition(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	device, file := filepath.Join(dir, "boot"), filepath.Join(dir, why.Name)
	if err := os.WriteFile(file, why.Blank(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"mkfs.vfat", "-C", "-F", "16", "-f", "1", "-s", "4", "-R", "4", "-r", "512", device, "20480"},
		{"mcopy", "-i", device, file, "::"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return device
}

func TestFlags(t *testing.T) {
	dir := t.TempDir()
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	if exit := run(t.Context(), []string{"-run", "warren"}, said, said); exit != 2 {
		t.Errorf("exit code %d", exit)
	}
	if text, _ := os.ReadFile(said.Name()); !strings.Contains(string(text), "-run") || !strings.Contains(string(text), "begins with /") {
		t.Errorf("it says %s", text)
	}
}
