package mend

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// pair is a segment and its index, which share a name.
type pair struct {
	dir   string
	name  string // 20 digits: the first offset in it
	first uint64

	content       // of the segment
	size    int64 // of the segment file, -1 if there is none
	whole   bool  // nothing is wrong with either file
}

const (
	segmentExt = ".segment"
	indexExt   = ".index"
)

func (p *pair) segment() string { return filepath.Join(p.dir, p.name+segmentExt) }
func (p *pair) index() string   { return filepath.Join(p.dir, p.name+indexExt) }

// pairs lists what the folder of a stream holds, oldest first. A pair may lack
// one of its files.
func pairs(dir string) ([]*pair, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []*pair
	for _, e := range entries {
		name, first, ok := parseName(e.Name())
		if !ok {
			continue
		}
		// RabbitMQ has rights to this folder only; a link would make us do to
		// another file what it may not.
		if !e.Type().IsRegular() {
			return nil, fmt.Errorf("%s is no plain file", filepath.Join(dir, e.Name()))
		}
		// Both files of a pair come one after the other: names are sorted.
		if len(all) == 0 || all[len(all)-1].name != name {
			all = append(all, &pair{dir: dir, name: name, first: first})
		}
	}
	return all, nil
}

// parseName takes the name of a file of a stream apart.
func parseName(file string) (name string, first uint64, ok bool) {
	ext := filepath.Ext(file)
	if ext != segmentExt && ext != indexExt {
		return "", 0, false
	}
	name = strings.TrimSuffix(file, ext)
	first, err := strconv.ParseUint(name, 10, 64)
	return name, first, err == nil && len(name) == 20
}

// read finds out what is good of p: by reading the whole segment or, if quick,
// by looking at its last chunk only.
func (p *pair) read(quick bool) error {
	p.content, p.whole, p.size = content{next: p.first}, false, -1
	f, err := os.Open(p.segment())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p.size = info.Size()
	index, err := os.ReadFile(p.index())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if quick {
		if c, ok := glance(f, p.size, index); ok {
			p.content, p.whole = c, true
			return nil
		}
	}
	p.content, err = scan(f, p.first)
	if err != nil {
		return fmt.Errorf("read %s: %w", p.segment(), err)
	}
	p.whole = p.end == p.size && bytes.Equal(p.content.index, index)
	return nil
}

// glance looks at the end of a pair of files and reports whether they end
// together: the last record of the index is that of the last chunk.
func glance(segment io.ReaderAt, size int64, index []byte) (content, bool) {
	n := len(index) - fileHeader
	if n <= 0 || n%indexRecord != 0 {
		return content{}, false
	}
	last := index[len(index)-indexRecord:]
	at := int64(binary.BigEndian.Uint32(last[24:]))
	head := make([]byte, chunkHeader)
	if _, err := segment.ReadAt(head, at); err != nil {
		return content{}, false
	}
	c, ok := parseChunk(head)
	if !ok || at+c.size() != size || !bytes.Equal(last, appendIndex(nil, c, at)) {
		return content{}, false
	}
	return content{end: size, next: c.next(), epoch: c.epoch, index: index}, true
}

// write makes the files of p be what is good of them.
func (p *pair) write() error {
	if p.whole {
		return nil
	}
	if err := truncate(p.segment(), p.end); err != nil {
		return err
	}
	return replace(p.index(), p.content.index)
}

// remove removes both files of p. The index goes first: RabbitMQ itself tidies
// away a segment that has none.
func (p *pair) remove() error {
	for _, path := range []string{p.index(), p.segment()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncDir(p.dir)
}

// truncate cuts a file, and returns when that is on the disk.
func truncate(path string, size int64) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return errors.Join(f.Truncate(size), f.Sync())
}

// replace gives a file its content at once, or not at all, and returns when
// that is on the disk. Owner and mode are those of the segment beside it.
func replace(path string, content []byte) error {
	beside, err := os.Stat(strings.TrimSuffix(path, indexExt) + segmentExt)
	if err != nil {
		return err
	}
	tmp := path + ".mended" // RabbitMQ ignores this name
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(beside.Mode().Perm()), ownAs(f, beside), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return syncDir(filepath.Dir(path))
}

// syncDir returns when the names in a folder are on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// bytesOf adds up what is good of some pairs.
func bytesOf(all []*pair) (n int64) {
	for _, p := range all {
		n += p.end
	}
	return n
}
