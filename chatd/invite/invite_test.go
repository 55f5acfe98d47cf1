package invite

import (
	"bytes"
	"net"
	"strings"
	"testing"
)

func TestURL(t *testing.T) {
	addr := func(s string) net.Addr {
		a, err := net.ResolveTCPAddr("tcp", s)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if url, ok := URL(addr("127.0.0.1:8081")); ok {
		t.Errorf("a loopback address invites to %s", url)
	}
	if url, ok := URL(addr("10.1.1.1:8081")); !ok || url != "http://10.1.1.1:8081/" {
		t.Errorf("invites to %q", url)
	}
	if url, ok := URL(addr("[fd00::1]:80")); !ok || url != "http://[fd00::1]:80/" {
		t.Errorf("invites to %q", url)
	}
	if url, ok := URL(addr("[::]:8081")); ok && (strings.Contains(url, "[::]") || !strings.HasSuffix(url, ":8081/")) {
		t.Errorf("an open address invites to %q", url)
	}
}

func TestQRHasAQuietZoneAndFits(t *testing.T) {
	var b bytes.Buffer
	if err := WriteQR(&b, "http://192.168.100.100:8081/"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) > 18 {
		t.Errorf("the code takes %d lines", len(lines))
	}
	width := func(s string) int {
		return len([]rune(strings.NewReplacer("\x1b[38;5;16;48;5;231m", "", "\x1b[0m", "").Replace(s))) - 2
	}
	for i, l := range lines {
		if width(l) != width(lines[0]) {
			t.Errorf("line %d is %d wide, the first %d", i, width(l), width(lines[0]))
		}
		if !strings.Contains(l, "231m  ") || !strings.HasSuffix(l, "  \x1b[0m") {
			t.Errorf("line %d has no margin: %q", i, l)
		}
	}
	if first := lines[0]; strings.ContainsAny(first, "█▀▄") {
		t.Errorf("the first line is not white: %q", first)
	}
	if err := WriteQR(&b, strings.Repeat("x", 5000)); err == nil {
		t.Error("a text too long for a QR code gives no error")
	}
}
