package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// refusal is what RabbitMQ 4.0.5 writes when it is started with data of 3.10.8, as
// a shell script.
const refusal = "cat testdata/refusal-4.0.5.log; exit 1"

// wrote makes data in which something was said, with which a version of RabbitMQ
// was well.
func wrote(t *testing.T, data, version, said string) {
	t.Helper()
	for path, content := range map[string]string{wellName: version, "mnesia/rabbit@localhost/words": said} {
		path = filepath.Join(data, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// holds checks what was said in a folder of data; "": there is no such folder.
func holds(t *testing.T, data, said string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(data, "mnesia/rabbit@localhost/words"))
	if string(b) != said || (err == nil) != (said != "") {
		t.Errorf("%s holds %q (%v), want %q", filepath.Base(data), b, err, said)
	}
}

// here makes a keeper's crun find testdata.
func here(t *testing.T, script string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return "cd " + dir + "; " + script
}

// A RabbitMQ that cannot read the data of an older one begins anew at once. The
// data stay as they were, those that were set aside as damaged stay too, and the
// host is told, also after the next start.
func TestDataOfAnOlderRabbitMQ(t *testing.T) {
	for _, test := range []struct{ version, aside, says string }{
		{"3.10.8", "-3.10.8.aside", "RabbitMQ 4.0.5 cannot read what RabbitMQ 3.10.8 has written on this card, so the room has begun anew."},
		{"", "-older.aside", "RabbitMQ 4.0.5 cannot read what an older RabbitMQ has written on this card, so the room has begun anew."},
	} {
		// It waits when it has new data: then the state can be looked at.
		k, calls := fake(t, here(t, "[ ! -e "+"DATA/mnesia ] && { "+speaks+"trap 'exit 0' TERM; while :; do sleep 0.01; done; }; "+refusal))
		data := k.container.data
		replaceInCrun(t, k, "DATA", data)
		wrote(t, data, test.version, "hello")
		wrote(t, asideName(data, ""), "4.0.5", "torn")
		end := running(t, k)
		eventually(t, "a room that begins anew", func() bool { return strings.Count(calls(), " run ") == 2 })
		end()
		holds(t, data, "")
		holds(t, data+test.aside, "hello")
		holds(t, asideName(data, ""), "torn")
		s := readState(t, k.state.path)
		for _, want := range []string{test.says, "kept in " + data + test.aside + ", on the card's last partition", "docs/update.md", "kept in " + data + ".aside,"} {
			if !strings.Contains(s.SetAside, want) {
				t.Errorf("the host is told %q, want %q", s.SetAside, want)
			}
		}
		k.state = &stateFile{path: k.state.path + "2", log: quiet()}
		end = running(t, k)
		eventually(t, "another start", func() bool { return strings.Count(calls(), " run ") == 3 })
		end()
		if again := readState(t, k.state.path); again.SetAside != s.SetAside {
			t.Errorf("after the next start the host is told %q", again.SetAside)
		}
	}
}

// On trial nothing is given up: the trial fails, and says why.
func TestTrialGivesNothingUp(t *testing.T) {
	k, calls := fake(t, here(t, refusal))
	k.onTrial = func() bool { return true }
	wrote(t, k.container.data, "3.10.8", "hello")
	end := running(t, k)
	eventually(t, "the reason", func() bool {
		b, _ := os.ReadFile(k.state.path)
		return strings.Contains(string(b), `"state":"failed","why":"RabbitMQ 4.0.5 cannot read what RabbitMQ 3.10.8 has written on this card"`)
	})
	end()
	if n := strings.Count(calls(), " run "); n != 1 {
		t.Errorf("it was started %d times", n)
	}
	holds(t, k.container.data, "hello")

	// It may also end, or hang, without a reason.
	k, calls = fake(t, speaks+"exit 1")
	k.onTrial = func() bool { return true }
	wrote(t, k.container.data, "3.10.8", "hello")
	end = running(t, k)
	eventually(t, "more starts than data are given", func() bool { return strings.Count(calls(), " run ") > 2*maxStrikes })
	end()
	holds(t, k.container.data, "hello")
}

// What a new RabbitMQ does to the data is undone when the old one comes back, and
// stays when the new one has proved itself.
func TestWayBack(t *testing.T) {
	const spoils = speaks + "echo spoilt >DATA/mnesia/rabbit@localhost/words; trap 'exit 0' TERM; while :; do sleep 0.01; done"
	k, _ := fake(t, spoils)
	data := k.container.data
	replaceInCrun(t, k, "DATA", data)
	wrote(t, data, "3.13.7", "hello")
	end := running(t, k)
	eventually(t, "the new one", func() bool {
		b, _ := os.ReadFile(filepath.Join(data, "mnesia/rabbit@localhost/words"))
		return string(b) == "spoilt\n"
	})
	end()
	holds(t, copyName(data, "3.13.7"), "hello")

	if back, err := takeBack(data, "3.13.7"); !back || err != nil {
		t.Fatalf("the old one comes back: %v, %v", back, err)
	}
	holds(t, data, "hello")
	holds(t, copyName(data, "3.13.7"), "")
	if back, err := takeBack(data, "3.13.7"); back || err != nil {
		t.Errorf("and back again: %v, %v", back, err)
	}

	// It proves itself only when it is well and the trial is over.
	trial := make(chan bool)
	k.onTrial = func() bool { return <-trial }
	l := &life{keeper: k, own: "4.0.5", wellNow: make(chan struct{})}
	if copied, err := copyData(data, l.own, func() error { return nil }); !copied || err != nil {
		t.Fatalf("%v, %v", copied, err)
	}
	settled := make(chan error)
	go func() { settled <- l.settle(t.Context()) }()
	l.isWell()
	trial <- true
	holds(t, copyName(data, "3.13.7"), "hello")
	if _, err := os.Stat(k.container.flagsFile()); err == nil {
		t.Error("feature flags are enabled in a trial")
	}
	trial <- false
	if err := <-settled; err != nil {
		t.Fatal(err)
	}
	holds(t, copyName(data, "3.13.7"), "")
	if _, err := os.Stat(k.container.flagsFile()); err != nil {
		t.Errorf("feature flags are not enabled after the trial: %v", err)
	}
	if version, well := wasWell(data); version != "4.0.5" || !well {
		t.Errorf("the data are those of %s", version)
	}
}

// Where the data of another version cannot be copied, as on a full disk, no
// RabbitMQ is started with them in a trial: what it changes could not be undone.
func TestNothingStartsWithoutAWayBack(t *testing.T) {
	k, calls := fake(t, speaks+"echo spoilt >DATA/mnesia/rabbit@localhost/words; exit 1")
	data := k.container.data
	replaceInCrun(t, k, "DATA", data)
	k.onTrial = func() bool { return true }
	wrote(t, data, "3.13.7", "hello")
	// Something that cannot be copied, also by root.
	if err := syscall.Mkfifo(filepath.Join(data, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	end := running(t, k)
	eventually(t, "the reason, at more than one attempt", func() bool {
		b, _ := os.ReadFile(k.state.path)
		return strings.Contains(string(b), `"state":"failed","why":"what another RabbitMQ has written cannot be copied, so there would be no way back to it`) &&
			strings.Count(calls(), " delete ") > 2
	})
	end()
	if n := strings.Count(calls(), " run "); n != 0 {
		t.Errorf("RabbitMQ was started %d times", n)
	}
	holds(t, data, "hello")
	if _, err := os.Stat(data + ".part"); err == nil {
		t.Error("half a copy stays")
	}

	// Without a trial there is no way back to be kept: the room opens.
	k.onTrial = func() bool { return false }
	end = running(t, k)
	eventually(t, "a start", func() bool { return strings.Contains(calls(), " run ") })
	end()
}

// Half a copy, which a power cut has left, goes when the old system is back.
func TestHalfACopyGoes(t *testing.T) {
	data := filepath.Join(t.TempDir(), "rabbitmq")
	wrote(t, data, "4.0.5", "hello")
	wrote(t, data+".part", "4.0.5", "hel")
	if copied, err := copyData(data, "4.0.5", func() error { return nil }); copied || err != nil {
		t.Errorf("%v, %v", copied, err)
	}
	holds(t, data+".part", "")
	holds(t, data, "hello")
}

// A list of feature flags that a power cut has torn is mended.
func TestTornFeatureFlags(t *testing.T) {
	data := t.TempDir()
	list := filepath.Join(data, "mnesia/rabbit@localhost-feature_flags")
	const whole = "[quorum_queue,\n stream_queue].\n"
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(list), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	if mended, err := mendFlags(data); mended || err != nil {
		t.Errorf("without a copy: %v, %v", mended, err)
	}
	write(whole)
	if err := copyFlags(data); err != nil {
		t.Fatal(err)
	}
	for _, torn := range []string{"", "[quorum_queue,\n st", "\x00\x00\x00\x00", whole} {
		write(torn)
		if mended, err := mendFlags(data); err != nil || mended != (torn != whole) {
			t.Errorf("%q: %v, %v", torn, mended, err)
		}
		if b, err := os.ReadFile(list); string(b) != whole || err != nil {
			t.Errorf("%q is mended to %q, %v", torn, b, err)
		}
		if torn != whole {
			write(torn)
			copyFlags(data) // what is torn is not copied
			write(whole)
		}
	}
}

func TestOnTrial(t *testing.T) {
	path := filepath.Join(t.TempDir(), "update.state")
	for text, want := range map[string]bool{`{"on_trial":true}`: true, `{"on_trial":false}`: false, `{`: false, "": false} {
		if text != "" {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		} else {
			os.Remove(path)
		}
		if got := onTrial(path); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// replaceInCrun replaces a word in the keeper's crun.
func replaceInCrun(t *testing.T, k *keeper, word, by string) {
	t.Helper()
	path := filepath.Join(k.container.img, "crun/crun")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(b), word, by)), 0o755); err != nil {
		t.Fatal(err)
	}
}
