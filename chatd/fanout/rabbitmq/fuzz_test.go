package rabbitmq

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// headerValue is a header of one of the types that AMQP has, by kind.
func headerValue(kind byte, text string, n int64) any {
	values := []any{nil, n, int32(n), int16(n), int8(n), byte(n), uint16(n), uint32(n), text, []byte(text), n != 0,
		float32(n), float64(n), amqp.Decimal{Value: int32(n)}, amqp.Table{text: n}, []any{text, n}}
	return values[int(kind)%len(values)]
}

// Whatever the properties of a record are, what is read of it is bounded and
// possible, and goes through the exchange once more unchanged.
func FuzzRecordOf(f *testing.F) {
	f.Add(byte(1), byte(1), byte(8), int64(5), "boot", "ref", "message", chat.ContentJSON, "app", []byte(`{"from":{"id":"a","name":"Ada"},"text":"hi"}`))
	f.Add(byte(2), byte(14), byte(15), int64(-1), "<b>", "", "epoch", "", "", []byte{})
	f.Add(byte(8), byte(3), byte(9), int64(1)<<62, strings.Repeat("b", 300), "x", "", "text/plain", "\xff", bytes.Repeat([]byte("x"), chat.MaxBody+9))
	f.Fuzz(func(t *testing.T, offsetKind, upKind, textKind byte, n int64, text, id, typ, contentType, app string, body []byte) {
		rec, ok := recordOf(amqp.Delivery{
			Headers: amqp.Table{
				headerOffset: headerValue(offsetKind, text, n), headerUp: headerValue(upKind, text, n),
				headerBoot: headerValue(textKind, text, n), headerEpoch: headerValue(textKind, id, n),
			},
			ContentType: contentType, MessageId: id, Type: typ, AppId: app, CorrelationId: text, Body: body,
		})
		if _, isInteger := integer(headerValue(offsetKind, text, n)); ok != isInteger {
			t.Fatalf("an offset of kind %d: %v", offsetKind, ok)
		}
		if rec.Stamp != (chat.Stamp{}) && !rec.Stamp.Possible() || rec.epoch != "" && !chat.ValidID(rec.epoch) || len(rec.Body) > chat.MaxBodyOf(rec.Type)+1 {
			t.Fatalf("%+v", rec)
		}
		if p := proposed(rec); p != "" && !chat.ValidID(p) {
			t.Fatalf("%q is proposed", p)
		}
		rec.Key()
		if fanout.Check(rec.Record) != nil {
			return
		}
		p := publishing(rec)
		again, _ := recordOf(amqp.Delivery{
			Headers: p.Headers, ContentType: p.ContentType, MessageId: p.MessageId, Type: p.Type, AppId: p.AppId,
			CorrelationId: p.CorrelationId, Body: p.Body,
		})
		again.Offset = rec.Offset
		if !same(rec, again) {
			t.Fatalf("%+v becomes %+v", rec, again)
		}
		if err := p.Headers.Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzMendedReads has a broker send anything, in pieces of any size: what gets
// through is each whole frame, mended, and ends when that ends.
func FuzzMendedReads(f *testing.F) {
	offset := header(headerOffset, 'l', 0, 0, 0, 0, 0, 0, 1, 2)
	many := headerFrame(bytes.Repeat(header("h", 't', 1), maxHeaders+1))
	f.Add(bytes.Join([][]byte{frameOf(1, []byte("method")), headerFrame(offset), frameOf(3, []byte("body"))}, nil), uint16(1))
	f.Add(append(many, frameOf(8, nil)...), uint16(100))
	f.Add([]byte("AMQP\x00\x00\x09\x01"), uint16(7))
	f.Add([]byte{contentHeader, 0, 1, 0xff, 0xff, 0xff, 0xff}, uint16(9))
	f.Fuzz(func(t *testing.T, in []byte, piece uint16) {
		m := &mendedReads{in: bufio.NewReader(bytes.NewReader(in))}
		b := make([]byte, 1+int(piece))
		var got []byte
		var err error
		for idle := 0; err == nil; {
			var n int
			n, err = m.Read(b)
			got = append(got, b[:n]...)
			if idle++; n > 0 {
				idle = 0
			}
			if idle > 2 || len(got) > len(in) {
				t.Fatalf("%d bytes of %d, and %d reads of nothing", len(got), len(in), idle)
			}
		}
		if err != io.EOF && err != io.ErrUnexpectedEOF {
			t.Fatal(err)
		}
		var want []byte
		for rest := in; len(rest) >= frameHead; {
			size := int64(binary.BigEndian.Uint32(rest[3:]))
			whole := frameHead + size + frameEnd
			if whole > int64(len(rest)) {
				break
			}
			frame := bytes.Clone(rest[:whole])
			if frame[0] == contentHeader && size <= maxHeaderFrame {
				frame = mend(frame)
			}
			want, rest = append(want, frame...), rest[whole:]
		}
		if !bytes.HasPrefix(got, want) {
			t.Fatalf("%q becomes %q, not %q", in, got, want)
		}
	})
}

// FuzzCheckURL: whatever stands in a URL for a password, neither the name that
// goes into the log nor the error has it.
func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{"", "@", "/", "%zz", "#", "?", "[", ":5672", " ", "\x00", "%3A", "\n"} {
		f.Add("amqp://user:", s, "@host:5672/")
	}
	f.Add("amqps://", "", "")
	f.Add("file:", "/run/url", "")
	f.Add("amqp://a:b@host,amqp://user:", "", "@host\namqp://c")
	f.Fuzz(func(t *testing.T, before, password, after string) {
		const mark = "Hoppelpoppel"
		url := before + mark + password + after
		err := CheckURL(url)
		if err != nil && strings.Contains(err.Error(), mark) {
			t.Fatalf("the error of %q is %v", url, err)
		}
		if err != nil || strings.HasPrefix(url, fileScheme) {
			return
		}
		all, err := parseURLs(url)
		if err != nil || len(all) == 0 {
			t.Fatalf("%q is taken, and then is %v, %v", url, all, err)
		}
		for _, one := range all {
			uri, err := amqp.ParseURI(one.url)
			if err != nil {
				t.Fatalf("%q is taken, and the client says %v", one.url, err)
			}
			// Where a URL has it for a password, the client finds it there.
			if strings.Contains(uri.Password, mark) && !strings.Contains(uri.Host, mark) && strings.Contains(one.name, mark) {
				t.Fatalf("%q is called %q", one.url, one.name)
			}
		}
	})
}

// FuzzAlarm: whatever the broker says it is short of, the room is full while it
// says so, and the host is told in a line of bounded length.
func FuzzAlarm(f *testing.F) {
	f.Add(true, "low on memory")
	f.Add(true, "low on memory & disk")
	f.Add(true, "")
	f.Add(false, "<script>\x1b\xff\n")
	f.Fuzz(func(t *testing.T, active bool, reason string) {
		s, why := alarmOf(amqp.Blocking{Active: active, Reason: reason}).state()
		if (s == fanout.Full) != active || s == fanout.Away || (why != "") != active {
			t.Fatalf("%v, %q", s, why)
		}
		if len(why) > 100*len(`\U0010ffff`)+300 || strings.ContainsFunc(why, unicode.IsControl) || !utf8.ValidString(why) {
			t.Fatalf("%q", why)
		}
	})
}
