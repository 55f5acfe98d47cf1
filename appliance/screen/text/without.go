package text

import (
	"encoding/binary"
	"errors"
	"io"
)

// patched is something whose beginning is another.
type patched struct {
	head []byte
	rest io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (p patched) ReadAt(b []byte, offset int64) (int, error) {
	n, err := p.rest.ReadAt(b, offset)
	if offset >= 0 && offset < int64(len(p.head)) {
		copy(b[:n], p.head[offset:])
	}
	return n, err
}

// withoutOutlines returns a TrueType font as it would be without its outlines:
// their tables are not named in its table of tables (OpenType 1.9, "Table
// Directory").
func withoutOutlines(r io.ReaderAt) (io.ReaderAt, error) {
	const header, entry, maxTables = 12, 16, 100
	head := make([]byte, header)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(head[4:]))
	if n == 0 || n > maxTables {
		return nil, errors.New("it is no font")
	}
	head = make([]byte, header+n*entry)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, err
	}
	kept := head[:header]
	count := 0
	for i := range n {
		e := head[header+i*entry:][:entry]
		if tag := string(e[:4]); tag != "glyf" && tag != "loca" {
			kept = append(kept, e...)
			count++
		}
	}
	binary.BigEndian.PutUint16(kept[4:], uint16(count))
	return patched{kept, r}, nil
}
