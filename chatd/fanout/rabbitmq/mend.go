package rabbitmq

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
)

// The client library gives a connection up over a record with more headers, or
// deeper ones, than it likes. The log is kept, so that one such record from
// anybody would end each life at the same place for ever. Hence what comes
// from the broker passes through here first: from a record with unreasonable
// headers they are removed, all but the offset.

// What is reasonable: far more than Warren uses, far less than the library
// takes (8192 and 32).
const (
	maxHeaders     = 1000
	maxHeaderDepth = 8
)

// mendedReads is a connection to the broker without unreasonable headers. It is
// for AMQP in the clear; in TLS it would not see any.
type mendedReads struct {
	net.Conn
	in    *bufio.Reader
	ready []byte // to be read before anything else
	pass  int    // bytes of the present frame to be read as they are
}

// An AMQP frame is a type, two bytes of channel, four of size, the payload and
// an end mark.
const (
	frameHead      = 7
	frameEnd       = 1
	contentHeader  = 2       // type of the frame that holds a record's properties
	maxHeaderFrame = 1 << 20 // larger ones are left to the library, which refuses them
)

func (m *mendedReads) Read(b []byte) (int, error) {
	for len(b) > 0 {
		if len(m.ready) > 0 {
			n := copy(b, m.ready)
			m.ready = m.ready[n:]
			return n, nil
		}
		if m.pass > 0 {
			n, err := m.in.Read(b[:min(len(b), m.pass)])
			m.pass -= n
			return n, err
		}
		head, err := m.in.Peek(frameHead)
		if err != nil {
			return 0, err
		}
		size := int(binary.BigEndian.Uint32(head[3:]))
		whole := frameHead + size + frameEnd
		if head[0] != contentHeader || size > maxHeaderFrame {
			m.pass = whole
			continue
		}
		frame := make([]byte, whole)
		if _, err := io.ReadFull(m.in, frame); err != nil {
			return 0, err
		}
		m.ready = mend(frame)
	}
	return 0, nil
}

// mend returns a content header frame with reasonable headers: frame itself, if
// it has them.
func mend(frame []byte) []byte {
	const (
		fixed           = 2 + 2 + 8 // class, weight, size of the body
		flagContentType = 1 << 15
		flagEncoding    = 1 << 14
		flagHeaders     = 1 << 13
	)
	payload := frame[frameHead : len(frame)-frameEnd]
	if len(payload) < fixed+2 {
		return frame
	}
	flags := binary.BigEndian.Uint16(payload[fixed:])
	at := fixed + 2
	for _, flag := range []uint16{flagContentType, flagEncoding} {
		if flags&flag != 0 && at < len(payload) {
			at += 1 + int(payload[at])
		}
	}
	if flags&flagHeaders == 0 || at > len(payload) {
		return frame
	}
	headers, ok := long(payload[at:])
	if !ok {
		return frame
	}
	offset, ok := reasonable(headers, 1)
	if ok {
		return frame
	}
	out := append([]byte(nil), frame[:frameHead+at]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(offset)))
	out = append(out, offset...)
	out = append(out, payload[at+4+len(headers):]...)
	binary.BigEndian.PutUint32(out[3:], uint32(len(out)-frameHead))
	return append(out, frame[len(frame)-1])
}

// reasonable reports whether a table is, and returns the entry in it that is
// the offset.
func reasonable(table []byte, depth int) (offset []byte, ok bool) {
	if depth > maxHeaderDepth {
		return nil, false
	}
	ok = true
	for n := 1; len(table) > 0; n++ {
		name := 1 + int(table[0])
		if name >= len(table) {
			return offset, false
		}
		size, fine := fieldSize(table[name:], depth)
		if size == 0 {
			return offset, false
		}
		ok = ok && fine && n <= maxHeaders
		if string(table[1:name]) == headerOffset {
			offset = table[:name+size]
		}
		table = table[name+size:]
	}
	return offset, ok
}

// fieldSize returns the size of the field, its type included, that b begins
// with, and whether it is reasonable. The size is 0 if it is no field.
func fieldSize(b []byte, depth int) (size int, ok bool) {
	switch b[0] {
	case 'V':
		size = 0
	case 't', 'b', 'B':
		size = 1
	case 's', 'u':
		size = 2
	case 'I', 'i', 'f':
		size = 4
	case 'D':
		size = 5
	case 'l', 'd', 'T':
		size = 8
	case 'S', 'x', 'F', 'A':
		inner, fine := long(b[1:])
		if !fine {
			return 0, false
		}
		ok := true
		switch b[0] {
		case 'F':
			_, ok = reasonable(inner, depth+1)
		case 'A':
			ok = reasonableArray(inner, depth+1)
		}
		return 1 + 4 + len(inner), ok
	default:
		return 0, false
	}
	if 1+size > len(b) {
		return 0, false
	}
	return 1 + size, true
}

func reasonableArray(array []byte, depth int) bool {
	if depth > maxHeaderDepth {
		return false
	}
	for n := 1; len(array) > 0; n++ {
		size, ok := fieldSize(array, depth)
		if size == 0 || !ok || n > maxHeaders {
			return false
		}
		array = array[size:]
	}
	return true
}

// long returns what follows a length of four bytes in b.
func long(b []byte) ([]byte, bool) {
	if len(b) < 4 {
		return nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, false
	}
	return b[4 : 4+n], true
}
