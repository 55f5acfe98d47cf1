package emulator

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"syscall"
)

// Numbers of the NBD protocol, as in "The NBD protocol"
// (github.com/NetworkBlockDevice/nbd, doc/proto.md): of its fixed newstyle
// negotiation, what QEMU needs to get at one export.
const (
	nbdMagic   = 0x4e42444d41474943 // "NBDMAGIC"
	nbdOption  = 0x49484156454f5054 // "IHAVEOPT"
	nbdAnswer  = 0x0003e889045565a9
	nbdRequest = 0x25609513
	nbdReply   = 0x67446698

	nbdFixedNewstyle = 1 << 0
	nbdNoZeroes      = 1 << 1

	nbdOptAbort = 2
	nbdOptGo    = 7

	nbdAck          = 1
	nbdInfo         = 3
	nbdUnsupported  = 1<<31 | 1
	nbdInfoExport   = 0
	nbdInfoBlock    = 3
	nbdHasFlags     = 1 << 0
	nbdSendFlush    = 1 << 2
	nbdSendFUA      = 1 << 3
	nbdCmdRead      = 0
	nbdCmdWrite     = 1
	nbdCmdDisc      = 2
	nbdCmdFlush     = 3
	nbdFlagFUA      = 1 << 0
	nbdMaxLength    = 32 << 20 // of one request, as the protocol has it when nothing is said
	nbdMaxOptLength = 4 << 10  // of one option: a name has at most this
)

// serveNBD serves the drive to the client at conn, until the client goes away.
func serveNBD(conn io.ReadWriter, d *drive) error {
	r := bufio.NewReaderSize(conn, 1<<20)
	if err := negotiate(r, conn, d.size); err != nil {
		return end(fmt.Errorf("NBD negotiation: %w", err))
	}
	for {
		var q struct {
			Magic          uint32
			Flags, Type    uint16
			Cookie, Offset uint64
			Length         uint32
		}
		if err := binary.Read(r, binary.BigEndian, &q); err != nil {
			return end(err)
		}
		if q.Magic != nbdRequest || q.Length > nbdMaxLength {
			return fmt.Errorf("NBD: the client sent %+v", q)
		}
		var data, answer []byte
		var err error
		switch q.Type {
		case nbdCmdRead:
			answer = make([]byte, q.Length)
			err = d.read(answer, int64(q.Offset))
		case nbdCmdWrite:
			data = make([]byte, q.Length)
			if _, err := io.ReadFull(r, data); err != nil {
				return end(err)
			}
			err = d.write(data, int64(q.Offset), q.Flags&nbdFlagFUA != 0)
		case nbdCmdFlush:
			err = d.flush()
		case nbdCmdDisc:
			return nil
		default:
			err = fmt.Errorf("the client sent %+v", q)
		}
		reply := binary.BigEndian.AppendUint32(nil, nbdReply)
		if err != nil {
			reply = binary.BigEndian.AppendUint32(reply, uint32(syscall.EIO))
			answer = nil
		} else {
			reply = binary.BigEndian.AppendUint32(reply, 0)
		}
		reply = binary.BigEndian.AppendUint64(reply, q.Cookie)
		if _, err := conn.Write(append(reply, answer...)); err != nil {
			return end(err)
		}
	}
}

// end returns nil for a client that has gone: a plug that is pulled is no error.
func end(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// negotiate greets the client, declines all that it wishes, and tells it what
// the drive is when it asks to go.
func negotiate(r io.Reader, w io.Writer, size int64) error {
	hello := binary.BigEndian.AppendUint64(nil, nbdMagic)
	hello = binary.BigEndian.AppendUint64(hello, nbdOption)
	hello = binary.BigEndian.AppendUint16(hello, nbdFixedNewstyle|nbdNoZeroes)
	if _, err := w.Write(hello); err != nil {
		return err
	}
	var flags uint32
	if err := binary.Read(r, binary.BigEndian, &flags); err != nil {
		return err
	}
	for {
		var o struct {
			Magic          uint64
			Option, Length uint32
		}
		if err := binary.Read(r, binary.BigEndian, &o); err != nil {
			return err
		}
		if o.Magic != nbdOption || o.Length > nbdMaxOptLength {
			return fmt.Errorf("the client sent %+v", o)
		}
		if _, err := io.CopyN(io.Discard, r, int64(o.Length)); err != nil {
			return err
		}
		switch o.Option {
		case nbdOptAbort:
			return errors.New("the client went away")
		case nbdOptGo:
			export := binary.BigEndian.AppendUint16(nil, nbdInfoExport)
			export = binary.BigEndian.AppendUint64(export, uint64(size))
			export = binary.BigEndian.AppendUint16(export, nbdHasFlags|nbdSendFlush|nbdSendFUA)
			block := binary.BigEndian.AppendUint16(nil, nbdInfoBlock)
			for _, n := range []uint32{sector, 4096, nbdMaxLength} { // least, preferred, most
				block = binary.BigEndian.AppendUint32(block, n)
			}
			return errors.Join(
				answerOption(w, o.Option, nbdInfo, export),
				answerOption(w, o.Option, nbdInfo, block),
				answerOption(w, o.Option, nbdAck, nil))
		default:
			if err := answerOption(w, o.Option, nbdUnsupported, nil); err != nil {
				return err
			}
		}
	}
}

func answerOption(w io.Writer, option, kind uint32, data []byte) error {
	answer := binary.BigEndian.AppendUint64(nil, nbdAnswer)
	answer = binary.BigEndian.AppendUint32(answer, option)
	answer = binary.BigEndian.AppendUint32(answer, kind)
	answer = binary.BigEndian.AppendUint32(answer, uint32(len(data)))
	_, err := w.Write(append(answer, data...))
	return err
}
