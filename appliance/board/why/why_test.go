package why

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"warren/internal/status"
)

func TestText(t *testing.T) {
	all := []status.Section{
		{Title: "Settings", Wrong: true, Text: []string{"There is a mistake in warren.toml:"}, List: []string{"line 12: channel = 99: it must be 1 to 13"}},
		{Title: "RabbitMQ", Text: []string{"RabbitMQ is up."}},
		{Title: "Wi-Fi", Wrong: true, Text: []string{"The Wi-Fi \u201cBau 7 \u00fc\u201d has failed, and is tried again: this board's radio has no firmware in this image, so that nobody can come in: use a cable."}},
	}
	want := strings.ReplaceAll(`SOMETHING WAS WRONG:

Settings
  There is a mistake in warren.toml:
  * line 12: channel = 99: it must be 1 to 13

Wi-Fi
  The Wi-Fi "Bau 7 ü" has failed, and is tried again: this board's radio
  has no firmware in this image, so that nobody can come in: use a cable.

The box wrote this 1 min 5 s after it was switched on, as it does when
something changes, at most once a minute. Its Warren is v1.2.3. While it is
on, http://10.1.1.1:8081/status tells more.

RabbitMQ
  RabbitMQ is up.
`, "\n", "\r\n")
	text := string(Text(all, 65*time.Second+400*time.Millisecond, "v1.2.3"))
	if !strings.HasPrefix(text, want) || strings.TrimSpace(text[len(want):]) != "" || len(text) != Bytes {
		t.Errorf("it has %d bytes and is\n%s", len(text), text)
	}
	if text := string(Text(all[1:2], time.Hour+61*time.Second, "v1")); !strings.HasPrefix(text, "NOTHING WAS WRONG") || !strings.Contains(text, "1 h 1 min after") {
		t.Errorf("%s", text)
	}
	if text := string(Blank()); len(text) != Bytes || !strings.HasPrefix(text, "This file tells why a card does not work.") {
		t.Errorf("%s", text)
	}
}

// Whatever is told, the file has its size, is text, and has whole ends of lines.
func FuzzText(f *testing.F) {
	f.Add("Wi-Fi", "x", "y", 1, true)
	f.Add("\u201c\xff", strings.Repeat("\u00fc", 5000), "\r\n\x00", 3, false)
	f.Add("", strings.Repeat("a b\n", 2000), "", 50, true)
	f.Fuzz(func(t *testing.T, title, text, item string, n int, wrong bool) {
		var all []status.Section
		for range n & 63 {
			all = append(all, status.Section{Title: title, Wrong: wrong, Text: []string{text}, List: []string{item}})
		}
		got := Text(all, time.Duration(n), "v1")
		if len(got) != Bytes || !utf8.Valid(got) {
			t.Fatalf("%d bytes, UTF-8: %v", len(got), utf8.Valid(got))
		}
		if bare := strings.ReplaceAll(string(got), "\r\n", ""); strings.ContainsAny(bare, "\r\n") {
			t.Fatalf("half an end of a line in %q", got)
		}
		if wrong && len(all) > 0 != strings.HasPrefix(string(got), "SOMETHING WAS WRONG:\r\n") {
			t.Fatalf("it begins with %.40q", got)
		}
	})
}

// All lengths of text are filled to the same size.
func TestFill(t *testing.T) {
	for n := range Bytes + 200 {
		if got := fill(strings.Repeat("x", n)); len(got) != Bytes {
			t.Fatalf("%d bytes become %d", n, len(got))
		}
	}
	long := ""
	for i := 0; len(long) < 2*Bytes; i++ {
		long += fmt.Sprintf("line %d\r\n", i)
	}
	if got := strings.TrimRight(string(fill(long)), " \r\n"); !strings.HasSuffix(got, "\r\n(There is more.)") {
		t.Errorf("it ends with %q", got[len(got)-40:])
	}
}
