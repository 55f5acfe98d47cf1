package rabbitmq

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// entry is one header: name, type and value.
func header(name string, typ byte, value ...byte) []byte {
	return append(append([]byte{byte(len(name))}, name...), append([]byte{typ}, value...)...)
}

func longOf(b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }

// headerFrame is a content header with content type, headers and type.
func headerFrame(table []byte) []byte {
	payload := append(make([]byte, 12), 0xA0, 0x20)
	payload = append(payload, 4, 't', 'e', 'x', 't')
	payload = append(payload, longOf(table)...)
	payload = append(payload, 7, 'm', 'e', 's', 's', 'a', 'g', 'e')
	return frameOf(contentHeader, payload)
}

func frameOf(typ byte, payload []byte) []byte {
	return append(append([]byte{typ, 0, 1}, longOf(payload)...), 0xCE)
}

func TestMend(t *testing.T) {
	offset := header(headerOffset, 'l', 0, 0, 0, 0, 0, 0, 1, 2)
	deep := header("v", 'V')
	for range 50 {
		deep = header("t", 'F', longOf(deep)...)
	}
	array := []byte{'V'}
	for range 50 {
		array = append([]byte{'A'}, longOf(array)...)
	}
	fine := append(bytes.Clone(offset), header("up_ms", 'l', 1, 2, 3, 4, 5, 6, 7, 8)...)
	fine = append(fine, header("t", 'F', longOf(header("a", 'A', longOf([]byte{'t', 1, 'S', 0, 0, 0, 0, 'D', 0, 0, 0, 0, 0})...))...)...)
	for _, test := range []struct {
		name        string
		table, want []byte
	}{
		{"fine", fine, fine},
		{"none", nil, nil},
		{"many", append(bytes.Repeat(header("h", 't', 1), maxHeaders), offset...), offset},
		{"deep", append(bytes.Clone(offset), deep...), offset},
		{"deep array", append(header("a", array[0], array[1:]...), offset...), offset},
		{"unknown type", append(bytes.Clone(offset), header("x", '?', 1)...), offset},
		{"torn", append(bytes.Clone(offset), 200, 'x'), offset},
		{"torn value", append(bytes.Clone(offset), header("x", 'S', 0, 0, 1, 0)...), offset},
	} {
		if got := mend(headerFrame(test.table)); !bytes.Equal(got, headerFrame(test.want)) {
			t.Errorf("%s: %q, want %q", test.name, got, headerFrame(test.want))
		}
	}
}

// TestMendedReads sends frames of all kinds through, in pieces of all sizes.
func TestMendedReads(t *testing.T) {
	offset := header(headerOffset, 'l', 0, 0, 0, 0, 0, 0, 1, 2)
	many := bytes.Repeat(header("h", 't', 1), maxHeaders+1)
	method, body := frameOf(1, []byte("method")), frameOf(3, bytes.Repeat([]byte("x"), 10_000))
	in := bytes.Join([][]byte{method, headerFrame(many), body, frameOf(8, nil), headerFrame(offset), body}, nil)
	want := bytes.Join([][]byte{method, headerFrame(nil), body, frameOf(8, nil), headerFrame(offset), body}, nil)
	for _, size := range []int{1, 7, 100, 1 << 20} {
		m := &mendedReads{in: bufio.NewReader(bytes.NewReader(in))}
		var got []byte
		b := make([]byte, size)
		for {
			n, err := m.Read(b)
			got = append(got, b[:n]...)
			if err != nil {
				if err != io.EOF {
					t.Error(err)
				}
				break
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("in pieces of %d: %d bytes, want %d", size, len(got), len(want))
		}
	}
	var _ net.Conn = &mendedReads{}
}

// FuzzMend checks that whatever the headers are, what is left is a frame with
// reasonable ones, and mending it again changes nothing.
func FuzzMend(f *testing.F) {
	f.Add(headerFrame(header("x", 'F', longOf(header("y", 'V'))...))[frameHead:])
	f.Add(headerFrame(header(headerOffset, 'l', 1, 2, 3, 4, 5, 6, 7, 8))[frameHead:])
	f.Add(headerFrame(bytes.Repeat(header("h", 't', 1), maxHeaders+1))[frameHead:])
	f.Fuzz(func(t *testing.T, payload []byte) {
		frame := frameOf(contentHeader, payload)
		once := mend(bytes.Clone(frame))
		if len(once) > len(frame) || int(binary.BigEndian.Uint32(once[3:])) != len(once)-frameHead-frameEnd {
			t.Fatalf("%q became %q", frame, once)
		}
		if twice := mend(bytes.Clone(once)); !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q and then %q", frame, once, twice)
		}
	})
}
