package main

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/appliance/settings"
	"warren/chatd/hostcode"
)

// paper is a HOST-CODE.TXT that may be missing, and that may not be written.
type paper struct {
	content []byte // nil: it is not there
	broken  bool
	writes  int
}

func (p *paper) read() ([]byte, error) {
	if p.content == nil {
		return nil, fs.ErrNotExist
	}
	return p.content, nil
}

func (p *paper) write(content []byte) error {
	if p.broken {
		return errors.New("the card is broken")
	}
	p.content, p.writes = content, p.writes+1
	return nil
}

// card is what is left of a card when its power is off.
type card struct {
	t *testing.T
	hostCode
	paper *paper
	said  bytes.Buffer // what it logs
}

// newCard returns a card as it is flashed.
func newCard(t *testing.T) *card {
	c := &card{t: t, paper: &paper{content: settings.HostCodeFile("", "")}}
	c.hostCode = hostCode{file: filepath.Join(t.TempDir(), "warren", "host-code"), note: c.paper, log: slog.New(slog.NewTextHandler(&c.said, nil))}
	return c
}

// starts starts the card, and checks that its owner reads the code in the file
// and that nobody reads it in the log.
func (c *card) starts(setting string) string {
	c.t.Helper()
	code := c.inForce(setting)
	if setting == "" && !c.paper.broken && settings.HostCodeIn(c.paper.content) != code {
		c.t.Errorf("the code is %q, and its owner reads %s", code, c.paper.content)
	}
	if code != "" && strings.Contains(c.said.String(), code) {
		c.t.Errorf("it is in the log: %s", &c.said)
	}
	return code
}

func TestACodeIsMadeAtTheFirstStart(t *testing.T) {
	c := newCard(t)
	code := c.starts("")
	if err := hostcode.Check(code); err != nil {
		t.Fatalf("%q: %v", code, err)
	}
	if info, err := os.Stat(c.file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if again := c.starts(""); again != code || c.paper.writes != 1 {
		t.Errorf("then %q, after %d writes to the boot partition", again, c.paper.writes)
	}
	if other := newCard(t).starts(""); other == code {
		t.Error("two cards have the same")
	}
}

func TestTheSettingWins(t *testing.T) {
	c := newCard(t)
	made := c.starts("")
	if code := c.starts("rabbit-hole"); code != "rabbit-hole" || strings.Contains(string(c.paper.content), made) {
		t.Errorf("%q, %s", code, c.paper.content)
	}
	if code := c.starts(settings.NoHost); code != "" || !strings.Contains(string(c.paper.content), "Nobody is the host") {
		t.Errorf("%q, %s", code, c.paper.content)
	}
	if code := c.starts(""); code != made {
		t.Errorf("without it the card has %q, not the code it had made", code)
	}
}

func TestWhatIsLostIsMadeAgain(t *testing.T) {
	for name, lose := range map[string]func(*card){
		"the file on the boot partition": func(c *card) { c.paper.content = nil },
		"the line in it":                 func(c *card) { c.paper.content = []byte("The host's code of this card:\n") },
		"the disk":                       func(c *card) { os.Remove(c.file) },
		"what is on the disk":            func(c *card) { os.WriteFile(c.file, []byte("\x00\x00\x00"), 0o600) },
		"the folder on the disk":         func(c *card) { os.RemoveAll(filepath.Dir(c.file)) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCard(t)
			code := c.starts("")
			lose(c)
			if again := c.starts(""); again != code {
				t.Errorf("the code was %q and is %q", code, again)
			}
		})
	}
	c := newCard(t)
	code := c.starts("")
	os.Remove(c.file)
	c.paper.content = settings.HostCodeFile("", "")
	if again := c.starts(""); again == code {
		t.Error("the line and the file are gone, and no new code is made")
	}
}

// The hotspot comes up in any case.
func TestABrokenCard(t *testing.T) {
	c := newCard(t)
	c.paper.broken = true
	code := c.starts("")
	if hostcode.Check(code) != nil || !strings.Contains(c.said.String(), "set one in warren.toml") {
		t.Errorf("%q, %s", code, &c.said)
	}
	c.paper.broken = false
	if again := c.starts(""); again != code {
		t.Errorf("then it is %q", again)
	}
	// A disk that cannot be written: the boot partition keeps the code.
	c = newCard(t)
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.file = filepath.Join(blocked, "host-code")
	code = c.starts("")
	if again := c.starts(""); again != code {
		t.Errorf("the code was %q and is %q", code, again)
	}
}
