package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/chatd/daemon"
)

const broker = "amqp://rabbit:s3cret@localhost:5672/"

func TestFlags(t *testing.T) {
	o, _, run := parse([]string{"-broker", broker}, nil, nil)
	if !run || o.broker != broker || o.light != "terminal" {
		t.Errorf("parse = %+v, %v", o, run)
	}
	t.Setenv("WARREN_BROKER", broker)
	t.Setenv("WARREN_LIGHT", "GPIO17")
	if o, _, run := parse(nil, nil, nil); !run || o.broker != broker || o.light != "GPIO17" {
		t.Errorf("from the environment: %+v, %v", o, run)
	}
	if o, _, run := parse([]string{"-light", "ACT"}, nil, nil); !run || o.light != "ACT" {
		t.Errorf("the flag does not come before the environment: %+v, %v", o, run)
	}
}

// The card tells the daemon in a file of flags.
func TestFlagsOfTheCard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledstatus.json")
	if err := os.WriteFile(path, []byte(`{"light": "GPIO17", "mistakes": "3"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	o, _, run := parse([]string{"-config=" + path, "-broker=file:/run/warren/broker.url", "-wait", "-user=warren"}, nil, nil)
	if !run || o.light != "GPIO17" || o.mistakes != 3 || !o.wait || o.user != "warren" {
		t.Errorf("parse = %+v, %v", o, run)
	}
	var said bytes.Buffer
	if _, exit, run := parse([]string{"-broker", broker, "-mistakes", "some"}, &said, &said); run || exit != daemon.ExitUsage || !strings.Contains(said.String(), "-mistakes") {
		t.Errorf("-mistakes some: exit %d, said %s", exit, &said)
	}
}

func TestWrongBroker(t *testing.T) {
	for args, want := range map[string]string{
		"": "WARREN_BROKER",
		"-broker http://rabbit:s3cret@localhost/":      "-broker",
		"-broker amqp://rabbit:s3cret@localhost:port/": "-broker",
		"-broker amqp://rabbit:s3cret%zz@localhost/":   "-broker",
	} {
		var said bytes.Buffer
		_, exit, run := parse(strings.Fields(args), &said, &said)
		if run || exit != daemon.ExitUsage || !strings.Contains(said.String(), want) || !strings.Contains(said.String(), "amqp://") {
			t.Errorf("%q: exit %d, said %s", args, exit, &said)
		}
		if strings.Contains(said.String(), "s3cret") {
			t.Errorf("%q: the error gives the password away: %s", args, &said)
		}
	}
}
