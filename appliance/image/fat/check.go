package fat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// LongNames reads all directories of a FAT16 file system that Write has written, and
// returns the long names of all that is in it, sorted, each with its directories. It
// is an error if anything has none.
func LongNames(r io.ReaderAt) ([]string, error) {
	boot := make([]byte, sector)
	if _, err := r.ReadAt(boot, 0); err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	if boot[510] != 0x55 || boot[511] != 0xaa || boot[13] != perCluster || le.Uint16(boot[17:]) != rootEntries {
		return nil, errors.New("it is no FAT16 of this package")
	}
	tables := make([]byte, int64(le.Uint16(boot[22:]))*sector)
	at := int64(le.Uint16(boot[14:])) * sector
	if _, err := r.ReadAt(tables, at); err != nil {
		return nil, err
	}
	c := checker{r: r, tables: tables, root: at + int64(len(tables))}
	root := make([]byte, rootEntries*entryBytes)
	if _, err := r.ReadAt(root, c.root); err != nil {
		return nil, err
	}
	if err := c.directory(root, ""); err != nil {
		return nil, err
	}
	slices.Sort(c.names)
	return c.names, nil
}

type checker struct {
	r      io.ReaderAt
	tables []byte
	root   int64
	names  []string
}

// directory reads a directory with that path.
func (c *checker) directory(b []byte, path string) error {
	long, sum := "", byte(0)
	for ; len(b) >= entryBytes && b[0] != 0; b = b[entryBytes:] {
		e := b[:entryBytes]
		if e[0] == 0xe5 { // deleted
			long = ""
			continue
		}
		if e[11]&0x3f == 0x0f {
			if e[0]&0x40 != 0 {
				long, sum = "", e[13]
			}
			long = longPart(e) + long
			continue
		}
		name := long
		long = ""
		if e[11]&0x08 != 0 || e[0] == '.' { // the label; "." and ".."
			continue
		}
		short := [11]byte(e)
		if name == "" || sum != checksum(short) {
			return fmt.Errorf("%s%s.%s has no long name", path, strings.TrimSpace(string(short[:8])), strings.TrimSpace(string(short[8:])))
		}
		c.names = append(c.names, path+name)
		if e[11]&0x10 == 0 {
			continue
		}
		inside, err := c.chain(binary.LittleEndian.Uint16(e[26:]))
		if err != nil {
			return fmt.Errorf("%s%s: %w", path, name, err)
		}
		if err := c.directory(inside, path+name+"/"); err != nil {
			return err
		}
	}
	return nil
}

// chain returns what is in the clusters from that one on.
func (c *checker) chain(cluster uint16) (b []byte, err error) {
	for cluster < 0xfff8 {
		if cluster < 2 || int(cluster)*2+2 > len(c.tables) || len(b) > 1<<20 {
			return nil, errors.New("its clusters are no chain")
		}
		part := make([]byte, clusterBytes)
		if _, err := c.r.ReadAt(part, c.root+rootEntries*entryBytes+int64(cluster-2)*clusterBytes); err != nil {
			return nil, err
		}
		b = append(b, part...)
		cluster = binary.LittleEndian.Uint16(c.tables[2*cluster:])
	}
	return b, nil
}

// longPart returns the characters that an entry has of a long name.
func longPart(e []byte) string {
	var units []uint16
	for _, at := range unitAt {
		unit := binary.LittleEndian.Uint16(e[at:])
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	return string(utf16.Decode(units))
}
