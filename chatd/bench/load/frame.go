package load

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA

	finalBit = 0x80
	maskBit  = 0x80
)

// maxFrame is the largest frame that is read: far above what a chat server
// sends at once, and no more than a client of many may take.
const maxFrame = 64 << 20

var (
	errFrameSize = errors.New("the server sent a frame of more than 64 MiB")
	errFrameKind = errors.New("the server sent a frame that is masked, compressed or in pieces: this client reads plain, whole ones")
)

// A frame is one WebSocket frame from a server. Its payload is valid until the
// next read.
type frame struct {
	opcode  byte
	payload []byte
	size    int // with the header
}

// parseFrame returns the frame that b begins with, of size 0 if it is
// not whole: then need is how many bytes it has, as far as is known.
func parseFrame(b []byte) (f frame, need int, err error) {
	if len(b) < 2 {
		return f, 2, nil
	}
	header, length := 2, int(b[1])
	switch length {
	case 126:
		if header = 4; len(b) < header {
			return f, header, nil
		}
		length = int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if header = 10; len(b) < header {
			return f, header, nil
		}
		long := binary.BigEndian.Uint64(b[2:])
		if long > maxFrame {
			return f, 0, errFrameSize
		}
		length = int(long)
	}
	opcode := b[0] &^ finalBit
	if b[0]&finalBit == 0 || opcode > opPong || opcode == opContinuation || b[1]&maskBit != 0 {
		return f, 0, errFrameKind
	}
	if len(b) < header+length {
		return f, header + length, nil
	}
	return frame{opcode, b[header : header+length], header + length}, 0, nil
}

// appendFrame appends a frame as a client sends it, masked.
func appendFrame(dst []byte, opcode byte, payload []byte) []byte {
	dst = append(dst, finalBit|opcode)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, maskBit|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, maskBit|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, maskBit|127), uint64(n))
	}
	var mask [4]byte
	binary.LittleEndian.PutUint32(mask[:], rand.Uint32())
	dst = append(dst, mask[:]...)
	for i, b := range payload {
		dst = append(dst, b^mask[i&3])
	}
	return dst
}
