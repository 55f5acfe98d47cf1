package session

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf8"
)

// parse reads one frame as a phone does (RFC 6455, section 5.2).
func parse(t *testing.T, b []byte) (opcode byte, payload, rest []byte) {
	t.Helper()
	if len(b) < 2 || b[0]&0xf0 != final || b[1]&0x80 != 0 {
		t.Fatalf("no whole unmasked frame: %x", b[:min(len(b), 10)])
	}
	size, head := uint64(b[1]), 2
	switch size {
	case 126:
		size, head = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		size, head = binary.BigEndian.Uint64(b[2:]), 10
	}
	if shortest := 2 + 2*b2i(size > 125) + 6*b2i(size > 0xffff); head != shortest || uint64(len(b)-head) < size {
		t.Fatalf("a head of %d bytes for %d of %d", head, size, len(b)-head)
	}
	return b[0] & 0xf, b[head : head+int(size)], b[head+int(size):]
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// FuzzAppendFrame: whatever is sent, a phone reads just that, and the next frame
// after it; and a close frame is never too long for one.
func FuzzAppendFrame(f *testing.F) {
	f.Add([]byte("hello"), uint8(0), uint16(4001))
	f.Add(bytes.Repeat([]byte("x"), 125), uint8(1), uint16(1000))
	f.Add(bytes.Repeat([]byte("x"), 126), uint8(2), uint16(0))
	f.Add([]byte{}, uint8(255), uint16(65535))
	f.Fuzz(func(t *testing.T, text []byte, times uint8, code uint16) {
		payload := bytes.Repeat(text, 1+int(times)*4)
		frames := appendClose(AppendFrame(nil, payload), Code(code), string(text))
		opcode, got, rest := parse(t, frames)
		if opcode != opText || !bytes.Equal(got, payload) {
			t.Fatalf("%d bytes became %d with opcode %d", len(payload), len(got), opcode)
		}
		opcode, got, rest = parse(t, rest)
		if opcode != opClose || len(got) > 125 || len(rest) > 0 || binary.BigEndian.Uint16(got) != code || !bytes.HasPrefix(text, got[2:]) {
			t.Fatalf("close %d %q became %q with opcode %d, and %q follows", code, text, got, opcode, rest)
		}
		if bytes.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 && !utf8.Valid(got[2:]) {
			t.Fatalf("the reason %q is not UTF-8", got[2:])
		}
	})
}
