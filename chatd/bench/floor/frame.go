package main

import (
	"encoding/binary"
	"errors"
	"io"
)

// frames reads the frames of a client (RFC 6455, section 5.2), as many as have
// arrived with one system call.
type frames struct {
	from io.Reader
	buf  []byte // what was read
	next int    // where in buf the next frame begins
}

// readBuffer is how much is read at once, unless a frame is larger.
const readBuffer = 16 << 10

var errClosed = errors.New("the client closed")

// more reads what has arrived, and waits for something if need be.
func (f *frames) more() error {
	rest := copy(f.buf[:cap(f.buf)], f.buf[f.next:])
	f.buf, f.next = f.buf[:rest], 0
	if rest == cap(f.buf) {
		f.buf = append(make([]byte, 0, max(readBuffer, 2*rest)), f.buf...)
	}
	n, err := f.from.Read(f.buf[rest:cap(f.buf)])
	f.buf = f.buf[:rest+n]
	if n > 0 {
		return nil
	}
	return err
}

// take returns the payload of the next text frame that was read, valid until
// more; false if there is none. A close is errClosed; other frames than text
// are left out, so a message must be one frame.
func (f *frames) take() (payload []byte, ok bool, err error) {
	for {
		b := f.buf[f.next:]
		if len(b) < 6 {
			return nil, false, nil
		}
		size, head := int(b[1]&0x7f), 2
		switch size {
		case 126:
			size, head = int(binary.BigEndian.Uint16(b[2:])), 4
		case 127:
			if len(b) < 10 {
				return nil, false, nil
			}
			size, head = int(binary.BigEndian.Uint64(b[2:])), 10
		}
		if len(b) < head+4+size {
			return nil, false, nil
		}
		key, payload := b[head:head+4], b[head+4:head+4+size]
		f.next += head + 4 + size
		unmask(payload, binary.LittleEndian.Uint32(key))
		switch b[0] & 0xf {
		case 1:
			return payload, true, nil
		case 8:
			return nil, false, errClosed
		}
	}
}

// unmask takes a client's mask off (RFC 6455, section 5.3), eight bytes at a time.
func unmask(b []byte, key uint32) {
	for wide := uint64(key)<<32 | uint64(key); len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
	}
	for i := range b {
		b[i] ^= byte(key >> (8 * (i % 4)))
	}
}
