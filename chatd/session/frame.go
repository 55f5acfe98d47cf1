package session

import "encoding/binary"

// Opcodes of RFC 6455, section 5.2.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA

	final = 0x80
)

// AppendFrame appends payload to dst as one unmasked text frame, as a server
// sends it (RFC 6455, section 5.2). Frames that are the same for everybody are
// made once and written as they are; gorilla/websocket would copy each of them
// for each phone, and write each on its own.
func AppendFrame(dst, payload []byte) []byte { return appendFrame(dst, opText, payload) }

func appendFrame(dst []byte, opcode byte, payload []byte) []byte {
	return append(appendHead(dst, opcode, len(payload)), payload...)
}

// MaxHead is the most bytes that AppendHead appends.
const MaxHead = 10

// AppendHead appends what comes before n bytes of payload in a text frame: for
// a payload that is made behind it, and not copied.
func AppendHead(dst []byte, n int) []byte { return appendHead(dst, opText, n) }

func appendHead(dst []byte, opcode byte, n int) []byte {
	dst = append(dst, final|opcode)
	switch {
	case n < 126:
		return append(dst, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
}

// appendClose appends a close frame. A control frame carries 125 bytes at most,
// two of them the code; why is cut to fit, and must be ASCII for that.
func appendClose(dst []byte, code Code, why string) []byte {
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	return appendFrame(dst, opClose, append(payload, why[:min(len(why), 123)]...))
}
