package mend

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// ErrFormat is in the errors about a log whose format is not known, most likely
// one of a later RabbitMQ. Such a log is left as it is.
var ErrFormat = errors.New("the format of the log is not known")

// Both kinds of files begin with four letters and a version; all numbers are
// big-endian.
const (
	segmentMagic = "OSIL"
	indexMagic   = "OSII"
	fileVersion  = 1
	fileHeader   = 8 // bytes

	chunkMagic   = 5 // the upper half of a chunk's first byte
	chunkVersion = 0 // the lower half
	chunkHeader  = 48
	indexRecord  = 29
)

// chunk is the header of a chunk: messages that were written in one go.
type chunk struct {
	kind      byte // 0: messages; 1, 2: RabbitMQ's own notes
	records   uint32
	timestamp uint64 // milliseconds since 1970
	epoch     uint64 // rises when the stream gets another leader
	id        uint64 // the offset of its first record
	crc       uint32 // of the data, IEEE polynomial
	filter    uint8  // lengths of what follows the header, in bytes
	data      uint32
	trailer   uint32
}

// next returns the offset behind the chunk.
func (c chunk) next() uint64 { return c.id + uint64(c.records) }

// size returns the length of the chunk with its header.
func (c chunk) size() int64 {
	return chunkHeader + int64(c.filter) + int64(c.data) + int64(c.trailer)
}

// parseChunk reads a chunk's header, and reports whether it is one.
func parseChunk(b []byte) (c chunk, ok bool) {
	if len(b) < chunkHeader || b[0] != chunkMagic<<4|chunkVersion {
		return c, false
	}
	be := binary.BigEndian
	return chunk{
		kind:      b[1],
		records:   be.Uint32(b[4:]),
		timestamp: be.Uint64(b[8:]),
		epoch:     be.Uint64(b[16:]),
		id:        be.Uint64(b[24:]),
		crc:       be.Uint32(b[32:]),
		data:      be.Uint32(b[36:]),
		trailer:   be.Uint32(b[40:]),
		filter:    b[44],
	}, true
}

// appendIndex appends the index record of a chunk at a place in its segment.
func appendIndex(b []byte, c chunk, at int64) []byte {
	be := binary.BigEndian
	b = be.AppendUint64(b, c.id)
	b = be.AppendUint64(b, c.timestamp)
	b = be.AppendUint64(b, c.epoch)
	b = be.AppendUint32(b, uint32(at))
	return append(b, c.kind)
}

// newHeader returns the first bytes of a file.
func newHeader(magic string) []byte {
	return binary.BigEndian.AppendUint32([]byte(magic), fileVersion)
}

// content is what is good of a segment.
type content struct {
	end   int64  // where it ends: 0 if not even the file's header is good
	next  uint64 // the offset behind its last chunk
	epoch uint64 // of its last chunk
	index []byte // the index that belongs to it; its length tells of how many chunks
}

// chunks returns how many chunks there are.
func (c content) chunks() int { return max(0, len(c.index)-fileHeader) / indexRecord }

// scan reads a segment whose first offset is first and returns what is good of
// it, up to the first byte that is not. Memory: 29 bytes a chunk, of which
// RabbitMQ puts at most 256,000 into a segment. The error is one of reading, or
// ErrFormat.
func scan(f *os.File, first uint64) (content, error) {
	good := content{next: first, index: newHeader(indexMagic)}
	in := bufio.NewReaderSize(f, 128<<10)
	head := make([]byte, chunkHeader)
	ok, err := readFull(in, head[:fileHeader])
	if !ok || err != nil {
		return good, err
	}
	if string(head[:4]) != segmentMagic {
		return good, nil
	}
	if v := binary.BigEndian.Uint32(head[4:]); v != fileVersion {
		return good, fmt.Errorf("%w: %s is of version %d", ErrFormat, f.Name(), v)
	}
	good.end = fileHeader
	for sum := crc32.NewIEEE(); ; sum.Reset() {
		ok, err := readFull(in, head)
		if !ok || err != nil {
			return good, err
		}
		c, ok := parseChunk(head)
		if !ok && good.chunks() == 0 && head[0]>>4 == chunkMagic {
			return good, fmt.Errorf("%w: %s has chunks of version %d", ErrFormat, f.Name(), head[0]&0xf)
		}
		if !ok || c.id != good.next || c.epoch < good.epoch {
			return good, nil
		}
		for _, part := range []struct {
			to  io.Writer
			len int64
		}{{io.Discard, int64(c.filter)}, {sum, int64(c.data)}, {io.Discard, int64(c.trailer)}} {
			if n, err := io.CopyN(part.to, in, part.len); n < part.len {
				return good, notEOF(err)
			}
		}
		if sum.Sum32() != c.crc {
			return good, nil
		}
		good.index = appendIndex(good.index, c, good.end)
		good.end += c.size()
		good.next = c.next()
		good.epoch = c.epoch
	}
}

// readFull fills b and reports whether there was enough.
func readFull(r io.Reader, b []byte) (bool, error) {
	_, err := io.ReadFull(r, b)
	return err == nil, notEOF(err)
}

// notEOF returns err unless it says that the file is over.
func notEOF(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}
