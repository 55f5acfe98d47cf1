package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warren/appliance/emulator"
	"warren/appliance/update/protocol"
	"warren/appliance/update/trial"
)

// Times in which an emulated card must get there, on busy cores.
const (
	startsIn = 2 * time.Minute
	opensIn  = 5 * time.Minute
)

// The image that is flashed takes an update that works, keeps it, and goes back
// by itself from those that do not: because chatd does not run, because nothing
// runs at all, because the power is cut. What was said and set stays.
func TestUpdateOfTheImage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	image := emulator.ImageForTest(t)
	roots := makeRoots(t, image+".root")
	send := sender(t)
	card, err := emulator.NewCard(image, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { card.Close() })
	settings := "[room]\r\ntitle = \"Burrow\"\r\nhost_code = \"" + code + "\"\r\n"
	if err := card.Put(t.Context(), "warren.toml", []byte(settings)); err != nil {
		t.Fatal(err)
	}
	line := imagerWrites(t, card)
	e := newEmulated(t, card)
	e.on()
	e.opens()
	if s := e.status(); s.Root != trial.A || s.OnTrial || s.Last != nil {
		t.Fatalf("a new card: %+v", s)
	}
	e.says("hello from before")

	e.step("a wrong code", func() {
		exit, said := send("wrong-code", "-root", roots["good"], e.Address(protocol.Port))
		if exit != 1 || !strings.Contains(said, "host code is wrong") {
			t.Errorf("exit %d\n%s", exit, said)
		}
	})
	e.step("the cable is pulled while it is sent", func() {
		e.sendHalf(roots["good"])
		if s := e.await("the end of it", func(s protocol.Status) bool { return !s.Receiving }); s.Root != trial.A || s.Last != nil {
			t.Errorf("%+v", s)
		}
	})
	if e.Boots() != 1 {
		t.Errorf("it was started %d times", e.Boots())
	}
	e.step("chatd does not run", func() {
		exit, said := send(code, "-root", roots["no chatd"], "-trial", "30s", e.Address(protocol.Port))
		if exit != 1 || !strings.Contains(said, "went back to the old system: the new one failed: it had not proved itself 30s after its start: chatd does not answer") {
			t.Errorf("exit %d\n%s", exit, said)
		}
		e.runs(trial.A, trial.Back)
	})
	e.step("nothing runs: the kernel panics", func() {
		exit, said := send(code, "-root", roots["no init"], "-trial", "30s", e.Address(protocol.Port))
		if exit != 1 || !strings.Contains(said, "the new one failed: it did not start") {
			t.Errorf("exit %d\n%s", exit, said)
		}
		if !strings.Contains(e.Console(), "Kernel panic") {
			t.Error("there was no panic")
		}
		e.runs(trial.A, trial.Back)
	})
	e.step("the power is cut in the trial", func() {
		type result struct {
			exit int
			said string
		}
		done := make(chan result, 1)
		go func() {
			exit, said := send(code, "-root", roots["good"], e.Address(protocol.Port))
			done <- result{exit, said}
		}()
		e.await("the trial", func(s protocol.Status) bool { return s.OnTrial && s.Root == trial.B })
		e.Cut()
		e.on()
		if r := <-done; r.exit != 1 || !strings.Contains(r.said, "it started, and ended before it had proved itself") {
			t.Errorf("exit %d\n%s", r.exit, r.said)
		}
		e.runs(trial.A, trial.Back)
	})
	e.step("a good one", func() {
		exit, said := send(code, "-root", roots["good"], e.Address(protocol.Port))
		t.Logf("what a host sees:\n%s", said)
		if exit != 0 || !strings.Contains(said, "runs the new system, next ") || !strings.Contains(said, "from root B") {
			t.Errorf("exit %d\n%s", exit, said)
		}
		e.runs(trial.B, trial.Kept)
	})
	e.step("it outlasts a power cut", func() {
		e.Cut()
		e.on()
		e.runs(trial.B, trial.Kept)
		if s := e.status(); !strings.HasPrefix(s.Version, "next ") {
			t.Errorf("%q runs", s.Version)
		}
		e.opens()
	})
	if kept, err := card.Get(t.Context(), "warren.toml"); err != nil || string(kept) != settings {
		t.Errorf("warren.toml is %q now (%v)", kept, err)
	}
	if now, err := card.Get(t.Context(), "cmdline.txt"); err != nil || strings.Replace(string(now), "-03 ", "-02 ", 1) != line || string(now) == line {
		t.Errorf("cmdline.txt is %q now, and was %q (%v)", now, line, err)
	}
	e.hears("hello from before")
	if page := e.get("basic"); !strings.Contains(page, "Burrow") {
		t.Error("the room has lost its title")
	}
}

// imagerWrites writes onto a card what Raspberry Pi Imager does when its owner types
// settings for Raspberry Pi OS, and returns the kernel's command line, which is longer
// than a sector then. The card takes updates all the same.
func imagerWrites(t *testing.T, card *emulator.Card) (line string) {
	t.Helper()
	before, err := card.Get(t.Context(), "cmdline.txt")
	if err != nil {
		t.Fatal(err)
	}
	line = strings.TrimSpace(string(before)) + strings.Repeat(" ", 480) + " cfg80211.ieee80211_regdom=GB" +
		" systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target"
	for name, content := range map[string]string{"cmdline.txt": line, "firstrun.sh": "#!/bin/bash\n", "userconf.txt": "pi:$5$x\n", "ssh": ""} {
		if err := card.Put(t.Context(), name, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	return line
}

// TestUpdateOfAnOlderCard updates a card from an image of before, whose file
// WARREN_OLD_IMAGE names: those until November 2026 have a GUID partition table.
func TestUpdateOfAnOlderCard(t *testing.T) {
	old := os.Getenv("WARREN_OLD_IMAGE")
	if testing.Short() || old == "" {
		t.Skip("WARREN_OLD_IMAGE names no image")
	}
	card, err := emulator.NewCard(old, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { card.Close() })
	if err := card.Enlarge(4 << 30); err != nil {
		t.Fatal(err)
	}
	if err := card.Put(t.Context(), "warren.toml", []byte("[room]\nhost_code = \""+code+"\"\n")); err != nil {
		t.Fatal(err)
	}
	e := newEmulated(t, card)
	e.on()
	e.opens()
	exit, said := sender(t)(code, "-root", emulator.ImageForTest(t)+".root", e.Address(protocol.Port))
	if exit != 0 || !strings.Contains(said, "from root B") {
		t.Fatalf("exit %d\n%s", exit, said)
	}
	e.runs(trial.B, trial.Kept)
	e.Cut()
	e.on()
	e.runs(trial.B, trial.Kept)
	// Its own update daemon goes on from here.
	exit, said = sender(t)(code, "-root", emulator.ImageForTest(t)+".root", e.Address(protocol.Port))
	if exit != 0 || !strings.Contains(said, "from root A") {
		t.Fatalf("exit %d\n%s", exit, said)
	}
	e.opens()
	if page := e.get("status"); strings.Contains(page, "cannot be made as large") {
		t.Errorf("the host is told of what is no fault:\n%s", page)
	}
	if line, err := card.Get(t.Context(), "cmdline.txt"); err != nil || !strings.Contains(string(line), "/PARTNROFF=1") {
		t.Errorf("cmdline.txt is %q (%v)", line, err)
	}
}

// makeRoots makes root file systems of the image's: one that is another version,
// one whose chatd only exits, and one with which nothing starts.
func makeRoots(t *testing.T, root string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	tool(t, "unsquashfs", "-no-progress", "-quiet", "-d", tree, root)
	exits := filepath.Join(dir, "exits.go")
	if err := os.WriteFile(exits, []byte("package main\n\nimport \"os\"\n\nfunc main() { os.Exit(1) }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	roots := map[string]string{}
	for _, r := range []struct {
		name, path string
		make       func(path string)
	}{
		{"good", "user/update", func(path string) {
			build(t, path, "-ldflags=-s -w -X warren/chatd/daemon.version=next", ".")
		}},
		{"no chatd", "user/chatd", func(path string) { build(t, path, exits) }},
		{"no init", "gokrazy/init", func(path string) {
			if err := os.WriteFile(path, []byte("this is no program"), 0o755); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		path, before := filepath.Join(tree, r.path), filepath.Join(dir, "before")
		if err := os.Rename(path, before); err != nil {
			t.Fatal(err)
		}
		r.make(path)
		roots[r.name] = filepath.Join(dir, strings.ReplaceAll(r.name, " ", "-"))
		tool(t, "mksquashfs", tree, roots[r.name], "-comp", "gzip", "-Xcompression-level", "1", "-no-xattrs", "-all-root", "-quiet", "-no-progress")
		if err := os.Rename(before, path); err != nil {
			t.Fatal(err)
		}
	}
	return roots
}

// build builds a program for the card.
func build(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"build", "-trimpath", "-o", program}, args...)...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
