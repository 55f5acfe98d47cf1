package mend

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
)

// A log of our own making, and a reader that shares no code with the package.

// build writes a log of so many pairs, each with so many chunks, into a new
// folder.
func build(t testing.TB, pairs, chunks int, filter byte) string {
	t.Helper()
	dir := t.TempDir()
	be := binary.BigEndian
	var next uint64
	for range pairs {
		segment, index := []byte("OSIL\x00\x00\x00\x01"), []byte("OSII\x00\x00\x00\x01")
		name := filepath.Join(dir, fmt.Sprintf("%020d", next))
		for i := range chunks {
			records := uint32(i%4 + 1)
			data := bytes.Repeat([]byte{byte(i)}, 20+13*i)
			trailer := make([]byte, i%3)
			at := uint32(len(segment))
			head := []byte{0x50, byte(i % 7 / 6), 0, byte(records)}
			head = be.AppendUint32(head, records)
			head = be.AppendUint64(head, 1700000000000+next)
			head = be.AppendUint64(head, 3) // epoch
			head = be.AppendUint64(head, next)
			head = be.AppendUint32(head, crc32.ChecksumIEEE(data))
			head = be.AppendUint32(head, uint32(len(data)))
			head = be.AppendUint32(head, uint32(len(trailer)))
			head = append(head, filter, 0, 0, 0)
			segment = append(segment, head...)
			segment = append(segment, make([]byte, filter)...)
			segment = append(append(segment, data...), trailer...)
			index = be.AppendUint64(index, next)
			index = be.AppendUint64(index, 1700000000000+next)
			index = be.AppendUint64(index, 3)
			index = be.AppendUint32(index, at)
			index = append(index, byte(i%7/6))
			next += uint64(records)
		}
		if err := errors.Join(os.WriteFile(name+".segment", segment, 0o640), os.WriteFile(name+".index", index, 0o640)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// check reads a log as RabbitMQ does, from the index, and says what is wrong
// with it. It returns the data of all chunks.
func check(dir string) (data [][]byte, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(files)%2 != 0 {
		return nil, fmt.Errorf("%d files", len(files))
	}
	be := binary.BigEndian
	next := int64(-1)
	for i := 0; i < len(files); i += 2 {
		name := files[i].Name()[:20]
		index, err := os.ReadFile(filepath.Join(dir, name+".index"))
		if err != nil {
			return nil, err
		}
		segment, err := os.ReadFile(filepath.Join(dir, name+".segment"))
		if err != nil {
			return nil, err
		}
		if string(segment[:8]) != "OSIL\x00\x00\x00\x01" || string(index[:8]) != "OSII\x00\x00\x00\x01" {
			return nil, fmt.Errorf("%s: a header is wrong", name)
		}
		if want := fmt.Sprintf("%020d", next); next >= 0 && name != want {
			return nil, fmt.Errorf("%s follows a file that ends before %s", name, want)
		}
		end := 8
		for rest := index[8:]; len(rest) > 0; rest = rest[29:] {
			if len(rest) < 29 {
				return nil, fmt.Errorf("%s: the index ends with %d bytes", name, len(rest))
			}
			at := int(be.Uint32(rest[24:]))
			if at != end || len(segment) < at+48 {
				return nil, fmt.Errorf("%s: the index points to %d, want %d of %d", name, at, end, len(segment))
			}
			h := segment[at:]
			if h[0] != 0x50 || h[1] != rest[28] || !bytes.Equal(h[8:16], rest[8:16]) || !bytes.Equal(h[16:24], rest[16:24]) || !bytes.Equal(h[24:32], rest[:8]) {
				return nil, fmt.Errorf("%s: chunk and index differ at %d", name, at)
			}
			if next >= 0 && be.Uint64(h[24:]) != uint64(next) {
				return nil, fmt.Errorf("%s: chunk %d at %d, want %d", name, be.Uint64(h[24:]), at, next)
			}
			next = int64(be.Uint64(h[24:]) + uint64(be.Uint32(h[4:])))
			from := at + 48 + int(h[44])
			to := from + int(be.Uint32(h[36:]))
			end = to + int(be.Uint32(h[40:]))
			if end > len(segment) || crc32.ChecksumIEEE(segment[from:to]) != be.Uint32(h[32:]) {
				return nil, fmt.Errorf("%s: chunk at %d is torn", name, at)
			}
			data = append(data, segment[from:to])
		}
		if end != len(segment) {
			return nil, fmt.Errorf("%s: %d bytes behind the last chunk", name, len(segment)-end)
		}
	}
	return data, nil
}

// mended mends a log and checks it. What is left must be one piece of what was
// there; it returns how many chunks.
func mended(t *testing.T, dir string, was [][]byte) int {
	t.Helper()
	if _, err := Log(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return 0 // set aside
	}
	is, err := check(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Log(dir); err != nil || r.Mended {
		t.Fatalf("the second mending: %v, %v", r, err)
	}
	from := 0
	for len(is) > 0 && from < len(was) && !bytes.Equal(was[from], is[0]) {
		from++
	}
	for i, d := range is {
		if from+i >= len(was) || !bytes.Equal(was[from+i], d) {
			t.Fatalf("what is left is not a piece of what was there: chunk %d", i)
		}
	}
	return len(is)
}
