package light

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openPTY returns the two ends of a pseudo-terminal.
func openPTY(t *testing.T) (master, tty *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err := errors.Join(err, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)); err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(filepath.Join("/dev/pts", strconv.Itoa(number)), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return master, tty
}

func TestLampOnARealTerminal(t *testing.T) {
	master, tty := openPTY(t)
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 30}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TERM", "xterm")
	l, err := Open(Terminal, tty)
	if err != nil {
		t.Fatal(err)
	}
	l.(Captioned).Caption("a caption of more than thirty columns")
	logs := Above(l, tty)
	if _, err := logs.Write([]byte("a log line\n")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Set(true), l.Close()); err != nil {
		t.Fatal(err)
	}
	tty.WriteString("end\n")

	s := &screen{t: t, columns: 30}
	for b := make([]byte, 4096); !strings.Contains(s.String(), "end"); {
		n, err := master.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		s.Write(b[:n])
	}
	s.shows("a log line\nend\n")
	if s.colors == 0 {
		t.Error("the lamp was never drawn")
	}
}
