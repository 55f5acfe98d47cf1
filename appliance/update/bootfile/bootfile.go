// Package bootfile reads and overwrites small files on the card's boot
// partition in place, without mounting it: what the firmware reads when the
// power comes, which must be whole at any moment.
//
// Of a file, the sectors are written that change, and nothing else: no table, no
// directory, and not the mark "not cleanly unmounted" that mounting leaves for the
// time being. A card writes a sector or does not, so a change within one sector is
// there or is not. gokrazy changes the same file in the same way.
package bootfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Most is the size of the largest file that can be read and written, in bytes: more
// than twice the longest command line that the kernel takes (2048, COMMAND_LINE_SIZE
// of arm64).
const Most = 8 * sector

const sector = 512

// Read returns what is in the file of that name, such as "cmdline.txt", in the
// root directory of the FAT16 file system on the device. Upper and lower case are
// the same.
func Read(device, name string) ([]byte, error) {
	f, err := os.Open(device)
	if err != nil {
		return nil, fmt.Errorf("open the boot partition: %w", err)
	}
	defer f.Close()
	place, err := find(f, name, Most)
	if err != nil {
		return nil, fmt.Errorf("%s on the boot partition: %w", name, err)
	}
	content, err := place.read(f)
	if err != nil {
		return nil, fmt.Errorf("read %s on the boot partition: %w", name, err)
	}
	return content[:place.size], nil
}

// Overwrite replaces what is in a file that is there, and returns when the card
// has it. The file keeps its size: spaces and the end of the line follow the
// text, which the firmware and the kernel do not mind.
func Overwrite(device, name, text string) (err error) {
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open the boot partition: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	place, err := find(f, name, Most)
	if err != nil {
		return fmt.Errorf("%s on the boot partition: %w", name, err)
	}
	content, err := fit(text, place.size)
	if err != nil {
		return fmt.Errorf("%s on the boot partition: %w", name, err)
	}
	if err := place.write(f, []byte(content)); err != nil {
		return fmt.Errorf("write %s on the boot partition: %w", name, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s on the boot partition: %w: is the card broken?", name, err)
	}
	return nil
}

// Replace replaces all of a file that is there, of any number of whole sectors,
// and returns when the card has it. content has the size of the file; the error is
// ErrMissing if there is no such file. A power cut may leave some sectors as they
// were: for what people read, and no machine. The file system is whole at any moment.
func Replace(device, name string, content []byte) (err error) {
	if len(content) == 0 || len(content)%sector != 0 {
		return fmt.Errorf("%s on the boot partition: %d bytes are to be written: they must be whole sectors of %d", name, len(content), sector)
	}
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open the boot partition: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	place, err := find(f, name, len(content))
	if err != nil {
		return fmt.Errorf("%s on the boot partition: %w", name, err)
	}
	if place.size != len(content) {
		return fmt.Errorf("%s on the boot partition: it has %d bytes, not %d: somebody has changed it", name, place.size, len(content))
	}
	if err := place.write(f, content); err != nil {
		return fmt.Errorf("write %s on the boot partition: %w", name, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s on the boot partition: %w: is the card broken?", name, err)
	}
	return nil
}

// ErrMissing says that a partition has no such file.
var ErrMissing = errors.New("it is not there: the card must be flashed anew")

// place is where a file is.
type place struct {
	sectors []int64 // offsets of its sectors on the device, in the file's order
	size    int     // in bytes
}

// read returns what is in the sectors of a file.
func (p place) read(r io.ReaderAt) ([]byte, error) {
	content := make([]byte, len(p.sectors)*sector)
	for i, at := range p.sectors {
		if _, err := r.ReadAt(content[i*sector:][:sector], at); err != nil {
			return nil, err
		}
	}
	return content, nil
}

// write writes content, which has the size of the file, into the sectors where it
// differs from what is there.
func (p place) write(f *os.File, content []byte) error {
	before, err := p.read(f)
	if err != nil {
		return err
	}
	after := append(bytes.Clone(content), before[p.size:]...)
	for i, at := range p.sectors {
		is := after[i*sector:][:sector]
		if bytes.Equal(is, before[i*sector:][:sector]) {
			continue
		}
		if _, err := f.WriteAt(is, at); err != nil {
			return err
		}
	}
	return nil
}

// fit makes a line of text as long as the file.
func fit(text string, size int) (string, error) {
	if len(text) == size {
		return text, nil
	}
	text = strings.TrimRight(text, " \n")
	switch {
	case len(text) > size:
		return "", fmt.Errorf("it has room for %d bytes, and %d are to be written: shorten what is in it, or flash the card anew", size, len(text))
	case len(text) == size:
		return text, nil
	}
	return text + strings.Repeat(" ", size-len(text)-1) + "\n", nil
}

// find returns where a file is, which has at most most bytes. The fields of the boot sector and of a directory
// are in Microsoft's FAT specification, 3.1 and 6.
func find(r io.ReaderAt, name string, most int) (place, error) {
	boot := make([]byte, sector)
	if _, err := r.ReadAt(boot, 0); err != nil {
		return place{}, err
	}
	le := binary.LittleEndian
	bytesPerSector, perCluster := le.Uint16(boot[11:]), int64(boot[13])
	reserved, tables := int64(le.Uint16(boot[14:])), int64(boot[16])
	entries, perTable := int64(le.Uint16(boot[17:])), int64(le.Uint16(boot[22:]))
	// A FAT32 has no entries here, and its root directory elsewhere.
	if boot[510] != 0x55 || boot[511] != 0xaa || bytesPerSector != sector || perCluster == 0 || entries == 0 || perTable == 0 {
		return place{}, errors.New("there is no FAT16 file system: the card must be flashed anew")
	}
	directory := make([]byte, entries*32)
	at := (reserved + tables*perTable) * sector
	if _, err := r.ReadAt(directory, at); err != nil {
		return place{}, err
	}
	entry := findEntry(directory, name)
	if entry == nil {
		return place{}, ErrMissing
	}
	size := int64(le.Uint32(entry[28:]))
	if size == 0 || size > int64(most) {
		return place{}, fmt.Errorf("it has %d bytes: it must have 1 to %d", size, most)
	}
	p := place{size: int(size)}
	data := at + entries*32
	for cluster := int64(le.Uint16(entry[26:])); ; {
		if cluster < 2 || cluster >= 0xfff0 {
			return place{}, errors.New("its clusters are no chain: have the boot partition's errors repaired, on a computer")
		}
		for i := range perCluster {
			p.sectors = append(p.sectors, data+((cluster-2)*perCluster+i)*sector)
			if len(p.sectors)*sector >= p.size {
				return p, nil
			}
		}
		next := make([]byte, 2)
		if _, err := r.ReadAt(next, reserved*sector+2*cluster); err != nil {
			return place{}, err
		}
		cluster = int64(le.Uint16(next))
	}
}
