package emulator

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestConsole(t *testing.T) {
	var copied strings.Builder
	c := &console{copy: &copied, changed: make(chan struct{})}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan struct{})

	io.WriteString(c, "one tw")
	go io.WriteString(c, "o one")
	for _, text := range []string{"one", "two", "one"} {
		if err := c.await(ctx, text, ended); err != nil {
			t.Fatal(err)
		}
	}
	close(ended)
	if err := c.await(ctx, "one", ended); err == nil {
		t.Error("it said one three times")
	}

	mark := c.end()
	for i := range maxConsole / 100 {
		fmt.Fprintf(c, "line %250d\n", i)
	}
	if n := len(c.since(0)); n < maxConsole || n > 2*maxConsole {
		t.Errorf("%d bytes are kept", n)
	}
	if c.since(mark) != c.since(0) {
		t.Error("what was said after a mark that is gone is not all that is kept")
	}
	if err := c.await(ctx, "two", ended); err == nil {
		t.Error("it waited for what is gone")
	}
	last := fmt.Sprintf("line %250d\n", maxConsole/100-1)
	if !strings.HasSuffix(c.since(0), last) || !strings.HasSuffix(copied.String(), last) || !strings.HasPrefix(copied.String(), "one two") {
		t.Error("the end is not there, or the beginning was not copied")
	}
}

func TestParseConfig(t *testing.T) {
	for text, want := range map[string][2]string{
		"":                                 {"kernel8.img", "cmdline.txt"},
		"# kernel=a\nkernel=b\r\n":         {"b", "cmdline.txt"},
		"kernel=a\n[pi4]\nkernel=b\n":      {"a", "cmdline.txt"},
		"[pi4]\nkernel=b\n[all]\nkernel=c": {"c", "cmdline.txt"},
		"cmdline = trycmd.txt\n":           {"kernel8.img", "trycmd.txt"},
	} {
		config := parseConfig(text)
		if got := [2]string{config["kernel"], config["cmdline"]}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"[ 1.2] reboot: Restarting system with command '0 tryboot'\r\n":               tryboot,
		"[ 1.2] reboot: Restarting system with command '0 tryboot'\r\nreboot: halt\n": "reboot: halt",
		"[ 1.2] reboot: Restarting system\r\n":                                        "reboot: Restarting system",
		"reboot":                                                                      "",
	} {
		if got := lastWords(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
