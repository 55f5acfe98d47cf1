package load

import (
	"bytes"
	"strings"
	"testing"

	"warren/chatd/session"
)

func TestAMessageIsFoundInWhateverItComesIn(t *testing.T) {
	run := newRun()
	prefix := []byte(word + run + " ")
	a, b := stamp{0, 0, 1000}, stamp{12345, 654321, 123456789012345000}
	for _, size := range []int{MinSize, MinSize + 1, 100, 2000} {
		text := appendText(nil, run, a, size)
		if len(text) != size {
			t.Errorf("a message of %d bytes has %d", size, len(text))
		}
		other := appendText(nil, newRun(), a, size)
		data := "{\"text\":\"" + string(text) + "\"}," + string(other) + word + run + " 0000x" + string(appendText(nil, run, b, size)) + "\x00"
		var got []stamp
		for s, rest, ok := nextText([]byte(data), prefix); ok; s, rest, ok = nextText(rest, prefix) {
			got = append(got, s)
		}
		if len(got) != 2 || got[0] != a || got[1] != b {
			t.Errorf("in %q there is %v, want %v and %v", data, got, a, b)
		}
	}
	// Cut off anywhere, there is no message, and nothing is read that is not there.
	text := appendText(nil, run, b, MinSize)
	for i := range text {
		if s, _, ok := nextText(text[:i:i], prefix); ok {
			t.Errorf("%q is read as %v", text[:i], s)
		}
	}
}

func TestFramesAreReadWhole(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
		payload := bytes.Repeat([]byte("x"), n)
		whole := session.AppendFrame(nil, payload) // as chatd makes them
		for _, have := range []int{0, 1, 2, 3, 9, len(whole) - 1} {
			if have >= len(whole) {
				continue
			}
			if f, need, err := parseFrame(whole[:have]); f.size != 0 || need <= have || need > len(whole) || err != nil {
				t.Errorf("%d of %d bytes: size %d, need %d, %v", have, len(whole), f.size, need, err)
			}
		}
		f, _, err := parseFrame(append(whole, "more"...))
		if err != nil || f.opcode != opText || f.size != len(whole) || !bytes.Equal(f.payload, payload) {
			t.Errorf("%d bytes: opcode %d, size %d of %d, %v", n, f.opcode, f.size, len(whole), err)
		}
	}
	for name, b := range map[string][]byte{
		"in pieces":  {opText, 1, 'x'},
		"masked":     {finalBit | opText, maskBit | 1, 0, 0, 0, 0, 'x'},
		"compressed": {finalBit | 0x40 | opText, 1, 'x'},
		"too large":  {finalBit | opText, 127, 1, 0, 0, 0, 0, 0, 0, 0},
	} {
		if _, _, err := parseFrame(b); err == nil {
			t.Errorf("a frame that is %s is read", name)
		}
	}
}

func TestTheScheduleIsEven(t *testing.T) {
	s := newSchedule(5_000_000, &Options{Senders: 4, Rate: 10})
	for i, want := range []int64{5_000_000, 30_000_000, 55_000_000, 80_000_000, 105_000_000} {
		if got := s.at(i%4, i/4); got != want {
			t.Errorf("message %d is due at %d, want %d", i, got, want)
		}
	}
	if s := newSchedule(7000, &Options{Senders: 4}); s.at(3, 99) != 7000 {
		t.Error("flat out, all are due at the start")
	}
}

func TestTheSpreadCountsWhatAllHave(t *testing.T) {
	s := newSchedule(0, &Options{Senders: 1})
	first, final := []int64{1_000_000, 0, 2_000_000}, []int64{3_000_000, 0, 6_000_000}
	ratio, ms := spreads(s, 1, first, final)
	if ratio != 3 || ms != 4 {
		t.Errorf("ratio %g, gap %g ms; want 3 and 4", ratio, ms)
	}
	for _, tt := range []struct{ a, b, first, final int64 }{{5, 7, 5, 7}, {7, 5, 5, 7}, {0, 7, 0, 0}, {7, 0, 0, 0}} {
		var f, l int64
		spread(&f, &l, tt.a, tt.a, true)
		spread(&f, &l, tt.b, tt.b, false)
		if f != tt.first || l != tt.final {
			t.Errorf("of %d and %d: from %d to %d", tt.a, tt.b, f, l)
		}
	}
}

func TestStompFramesEndInZero(t *testing.T) {
	p := stomp{StompDestination}
	said := string(p.say(nil, "", stamp{}, []byte("hello")))
	if want := "SEND\ndestination:/exchange/amq.fanout\ncontent-type:text/plain\ncontent-length:5\n\nhello\x00"; said != want {
		t.Errorf("it says %q, want %q", said, want)
	}
	if ok, err := p.answered(0, []byte("CONNECTED\nversion:1.2\n\n\x00")); !ok || err != nil {
		t.Errorf("CONNECTED: %v, %v", ok, err)
	}
	if ok, err := p.answered(1, []byte("ERROR\nmessage:no\n\n\x00")); ok || err == nil || !strings.Contains(err.Error(), "no") {
		t.Errorf("ERROR: %v, %v", ok, err)
	}
}
