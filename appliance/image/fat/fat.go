// Package fat writes a FAT16 file system from a directory.
//
// Every name in it is there as a long name, too (VFAT), also where the short one
// would do. mtools, and Linux with the usual options, leave that out and mark a
// lower-case short name with two bits instead, which the boot ROM of the first
// Raspberry Pi 5s may misread.
//
// Each file lies in one piece, and the files asked for come first, so that what is
// replaced in place is easily found. Fields are those of Microsoft's "FAT32 File
// System Specification", version 1.03, which has FAT16 and long names, too.
package fat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The geometry: one table, as gokrazy's own reader wants it.
const (
	sector       = 512
	perCluster   = 4 // sectors
	clusterBytes = perCluster * sector
	reserved     = 4   // sectors before the table
	rootEntries  = 512 // of the root directory, which cannot grow
	entryBytes   = 32
)

// A FAT16 has so many clusters, by definition.
const leastClusters, mostClusters = 4085, 65524

// Volume is a file system to be written.
type Volume struct {
	Label string
	Size  int64     // in bytes
	Start int64     // where its partition begins on the disk, in bytes
	At    time.Time // of all files
	First []string  // files of the root directory that come first
}

// Write writes the file system with what is in the directory dir. What it does not
// write must be zero.
func (v Volume) Write(w io.WriterAt, dir string) error {
	sectors := v.Size / sector
	// The table has two bytes for each cluster, and for two that are none.
	space := sectors - reserved - rootEntries*entryBytes/sector
	tableSectors := ((space/perCluster+2)*2 + sector - 1) / sector
	clusters := (space - tableSectors) / perCluster
	if clusters < leastClusters || clusters > mostClusters {
		return fmt.Errorf("%d bytes are no size of a FAT16 with clusters of %d bytes", v.Size, clusterBytes)
	}
	root, err := read(dir)
	if err != nil {
		return err
	}
	root.first(v.First)
	t := &table{next: make([]uint16, clusters+2), free: 2}
	t.next[0], t.next[1] = 0xfff8, 0xffff
	if err := root.placeChildren(t); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if _, err := w.WriteAt(v.bootSector(sectors, tableSectors), 0); err != nil {
		return err
	}
	if _, err := w.WriteAt(t.bytes(), reserved*sector); err != nil {
		return err
	}
	out := writer{w: w, at: v.At.UTC(), root: (reserved + tableSectors) * sector}
	out.data = out.root + rootEntries*entryBytes
	entries := append(out.entry(label(v.Label), 0x08, 0, 0), out.entries(root)...)
	if len(entries) > rootEntries*entryBytes {
		return fmt.Errorf("%s has too many files: the root directory has room for %d entries", dir, rootEntries)
	}
	if _, err := w.WriteAt(entries, out.root); err != nil {
		return err
	}
	return out.children(root)
}

func (v Volume) bootSector(sectors, tableSectors int64) []byte {
	b := make([]byte, sector)
	le := binary.LittleEndian
	copy(b, "\xeb\x3c\x90MSWIN4.1") // the name that the specification advises
	le.PutUint16(b[11:], sector)
	b[13] = perCluster
	le.PutUint16(b[14:], reserved)
	b[16] = 1
	le.PutUint16(b[17:], rootEntries)
	if sectors < 1<<16 {
		le.PutUint16(b[19:], uint16(sectors))
	} else {
		le.PutUint32(b[32:], uint32(sectors))
	}
	b[21] = 0xf8 // a fixed disk
	le.PutUint16(b[22:], uint16(tableSectors))
	le.PutUint16(b[24:], 63)
	le.PutUint16(b[26:], 255)
	le.PutUint32(b[28:], uint32(v.Start/sector))
	b[36], b[38] = 0x80, 0x29
	le.PutUint32(b[39:], 0x1234abcd) // the volume's number: the same on all cards
	name := label(v.Label)
	copy(b[43:], name[:])
	copy(b[54:], "FAT16   ")
	copy(b[62:], "\xcd\x18\xeb\xfe") // a PC's BIOS is told to try the next disk
	b[510], b[511] = 0x55, 0xaa
	return b
}

// table is the file allocation table.
type table struct {
	next []uint16
	free int // the first cluster that is free
}

// take takes clusters, all in a row, for so many bytes, and returns the first one;
// 0 for no bytes.
func (t *table) take(bytes int64) (int, error) {
	n := int((bytes + clusterBytes - 1) / clusterBytes)
	if n == 0 {
		return 0, nil
	}
	if n > len(t.next)-t.free {
		return 0, errors.New("the files do not fit")
	}
	first := t.free
	for range n {
		t.next[t.free] = uint16(t.free + 1)
		t.free++
	}
	t.next[t.free-1] = 0xffff
	return first, nil
}

func (t *table) bytes() []byte {
	b := make([]byte, 2*len(t.next))
	for i, n := range t.next {
		binary.LittleEndian.PutUint16(b[2*i:], n)
	}
	return b
}

// node is a file or a directory.
type node struct {
	name, path string
	short      [11]byte
	isDir      bool
	size       int64 // of a file
	children   []*node
	cluster    int // the first one
}

// read reads a directory with all that is in it, but for the files' content.
func read(dir string) (*node, error) {
	d := &node{path: dir, isDir: true}
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return nil, err
	}
	taken := map[[11]byte]bool{}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		n := &node{path: path}
		switch info, err := e.Info(); {
		case err != nil:
			return nil, err
		case e.IsDir():
			if n, err = read(path); err != nil {
				return nil, err
			}
		case !info.Mode().IsRegular() || info.Size() >= 1<<32:
			return nil, fmt.Errorf("%s cannot be on a FAT", path)
		default:
			n.size = info.Size()
		}
		n.name = e.Name()
		if n.short, err = shortName(n.name, taken); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		taken[n.short] = true
		d.children = append(d.children, n)
	}
	return d, nil
}

// first moves the files with these names to the front.
func (n *node) first(names []string) {
	rank := func(c *node) int {
		if i := slices.Index(names, c.name); i >= 0 {
			return i
		}
		return len(names)
	}
	slices.SortStableFunc(n.children, func(a, b *node) int { return rank(a) - rank(b) })
}

// placeChildren finds a place for all that is in a directory.
func (n *node) placeChildren(t *table) (err error) {
	for _, c := range n.children {
		size := c.size
		if c.isDir {
			size = int64(2+c.countEntries()) * entryBytes // with . and ..
		}
		if c.cluster, err = t.take(size); err != nil {
			return err
		}
	}
	for _, c := range n.children {
		if err := c.placeChildren(t); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) countEntries() (count int) {
	for _, c := range n.children {
		count += 1 + longEntries(c.name)
	}
	return count
}

// writer writes directories and files.
type writer struct {
	w          io.WriterAt
	at         time.Time
	root, data int64 // where they begin
}

// children writes all that is in a directory, but for its own entries.
func (o writer) children(n *node) error {
	for _, c := range n.children {
		at := o.data + int64(c.cluster-2)*clusterBytes
		if !c.isDir {
			if err := copyFile(io.NewOffsetWriter(o.w, at), c.path); err != nil {
				return err
			}
			continue
		}
		entries := slices.Concat(o.entry(label("."), 0x10, c.cluster, 0), o.entry(label(".."), 0x10, n.cluster, 0), o.entries(c))
		if _, err := o.w.WriteAt(entries, at); err != nil {
			return err
		}
		if err := o.children(c); err != nil {
			return err
		}
	}
	return nil
}

// entries returns the entries of all that is in a directory.
func (o writer) entries(n *node) (b []byte) {
	for _, c := range n.children {
		b = append(b, longName(c.name, c.short)...)
		attribute := byte(0x20) // to be archived
		if c.isDir {
			attribute = 0x10
		}
		b = append(b, o.entry(c.short, attribute, c.cluster, c.size)...)
	}
	return b
}

// entry returns the entry of a short name.
func (o writer) entry(short [11]byte, attribute byte, cluster int, size int64) []byte {
	b := make([]byte, entryBytes)
	le := binary.LittleEndian
	copy(b, short[:])
	b[11] = attribute
	at := o.at
	if at.Year() < 1980 {
		at = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	clock := uint16(at.Hour()<<11 | at.Minute()<<5 | at.Second()/2)
	day := uint16((at.Year()-1980)<<9 | int(at.Month())<<5 | at.Day())
	le.PutUint16(b[14:], clock)
	le.PutUint16(b[16:], day)
	le.PutUint16(b[18:], day)
	le.PutUint16(b[22:], clock)
	le.PutUint16(b[24:], day)
	le.PutUint16(b[26:], uint16(cluster))
	le.PutUint32(b[28:], uint32(size))
	return b
}

func copyFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
