package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// card is a machine with one disk, sdx, with two partitions, that may be
// erased. Its device is a file.
type card struct {
	t      *testing.T
	m      machine
	device string
	image  string
}

func newCard(t *testing.T) *card {
	c := &card{t: t, m: machine{t.TempDir()}}
	c.device = filepath.Join(c.m.root, "dev/sdx")
	c.image = filepath.Join(c.m.root, "image")
	c.put("dev/sdx", strings.Repeat("old ", 3<<20))
	c.put("image", strings.Repeat("new", 3<<20)+"end")
	for name, content := range map[string]string{
		"dev": "8:16", "size": "24576", "removable": "1", "ro": "0",
		"device/vendor": "Acme   ", "device/model": "Card Reader",
		"sdx1/partition": "1", "sdx1/dev": "8:17", "sdx2/partition": "2", "sdx2/dev": "8:18",
	} {
		c.put("sys/block/sdx/"+name, content+"\n")
	}
	c.put("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
	c.put("proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n")
	return c
}

func (c *card) put(name, content string) {
	c.t.Helper()
	path := filepath.Join(c.m.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// flash runs the program; the user answers.
func (c *card) flash(device, answer string) (code int, said string) {
	var stderr bytes.Buffer
	code = run(context.Background(), c.m, []string{"-image", c.image, device}, strings.NewReader(answer), &stderr)
	return code, stderr.String()
}

func (c *card) content() string {
	content, err := os.ReadFile(c.device)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(content)
}

func TestFlash(t *testing.T) {
	c := newCard(t)
	code, said := c.flash(c.device, "sdx\n")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	image, err := os.ReadFile(c.image)
	if err != nil {
		t.Fatal(err)
	}
	content := c.content()
	if content[:len(image)] != string(image) {
		t.Error("the card does not have the image")
	}
	if !strings.HasPrefix(content[len(image):], " old") && !strings.Contains(content[len(image):], "old ") {
		t.Error("something was written behind the image")
	}
	for _, want := range []string{"sdx (Acme Card Reader, 0.0 GB) will be erased", "writing   100 %", "checking  100 %", "ready"} {
		if !strings.Contains(strings.Join(strings.Fields(said), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}

func TestCardInABuiltInReader(t *testing.T) {
	c := newCard(t)
	c.put("sys/block/sdx/removable", "0\n")
	c.put("sys/block/sdx/device/type", "SD\n")
	if code, said := c.flash(c.device, "sdx\n"); code != 0 {
		t.Errorf("refused: %s", said)
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*card)
		device string // instead of dev/sdx
		answer string // instead of the right one
		want   string
	}{
		"a disk of the machine": {change: func(c *card) { c.put("sys/block/sdx/removable", "0\n") }, want: "not removable"},
		"eMMC": {change: func(c *card) {
			c.put("sys/block/sdx/removable", "0\n")
			c.put("sys/block/sdx/device/type", "MMC\n")
		}, want: "not removable"},
		"a partition":     {device: "dev/sdx1", change: func(c *card) { c.put("dev/sdx1", "") }, want: "name the whole disk, /dev/sdx"},
		"no device":       {device: "dev/sdy", want: "lsblk"},
		"a file":          {device: "image", want: "is no disk"},
		"write-protected": {change: func(c *card) { c.put("sys/block/sdx/ro", "1\n") }, want: "write-protected"},
		"mounted as a whole": {change: func(c *card) {
			c.put("proc/self/mountinfo", "30 22 8:16 / /media/card rw - vfat /dev/sdx rw\n")
		}, want: "mounted at /media/card"},
		"a partition is mounted": {change: func(c *card) {
			c.put("proc/self/mountinfo", "30 22 8:18 / /media/card rw - vfat /dev/sdx2 rw\n")
		}, want: "mounted at /media/card"},
		"swap":                {change: func(c *card) { c.put("proc/swaps", "Filename\n/dev/sdx2 partition 1 0 -2\n") }, want: "swap on /dev/sdx2"},
		"encrypted":           {change: func(c *card) { c.put("sys/block/sdx/sdx1/holders/dm-0", "") }, want: "sdx1 is part of dm-0"},
		"no card":             {change: func(c *card) { c.put("sys/block/sdx/size", "0\n") }, want: "there is no card"},
		"too small":           {change: func(c *card) { c.put("sys/block/sdx/size", "1000\n") }, want: "too small"},
		"no image":            {change: func(c *card) { c.image += "x" }, want: "make image"},
		"no":                  {answer: "no\n", want: "nothing was written"},
		"yes is not the name": {answer: "yes\n", want: "nothing was written"},
		"silence":             {answer: "\x00", want: "nothing was written"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCard(t)
			before := c.content()
			if test.change != nil {
				test.change(c)
			}
			device, answer := c.device, "sdx\n"
			if test.device != "" {
				device = filepath.Join(c.m.root, test.device)
			}
			if test.answer != "" {
				answer = strings.Trim(test.answer, "\x00")
			}
			code, said := c.flash(device, answer)
			if code != 1 || !strings.Contains(said, test.want) {
				t.Errorf("exit code %d, and it does not say %q:\n%s", code, test.want, said)
			}
			if c.content() != before {
				t.Error("the card was written to")
			}
		})
	}
}

func TestChangedWhileAsked(t *testing.T) {
	c := newCard(t)
	answer := readerFunc(func(p []byte) (int, error) {
		c.put("proc/self/mountinfo", "30 22 8:17 / /media/card rw - vfat /dev/sdx1 rw\n")
		return copy(p, "sdx\n"), nil
	})
	var stderr bytes.Buffer
	code := run(context.Background(), c.m, []string{"-image", c.image, c.device}, answer, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "in use") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestABadCardIsFound(t *testing.T) {
	c := newCard(t)
	if code, said := c.flash(c.device, "sdx\n"); code != 0 {
		t.Fatal(said)
	}
	f, err := os.OpenFile(c.device, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteAt([]byte("bad"), 5<<20)
	f.Close()
	image, err := os.Open(c.image)
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	err = verify(context.Background(), image, 3*(3<<20)+3, c.device, func(string, int64, int64) {})
	if err == nil || !strings.Contains(err.Error(), "from byte 4194304 on") {
		t.Error(err)
	}
}

func TestInterrupted(t *testing.T) {
	c := newCard(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	image, err := os.Open(c.image)
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	err = write(ctx, image, 3*(3<<20)+3, c.device, func(string, int64, int64) {})
	if err == nil || !strings.Contains(err.Error(), "half written") {
		t.Error(err)
	}
}
