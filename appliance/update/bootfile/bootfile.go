// Package bootfile reads and overwrites small files on the card's boot
// partition in place, without mounting it: what the firmware reads when the
// power comes, which must be whole at any moment.
//
// A file of one sector is replaced by writing that sector, and nothing else
// changes: no table, no directory, and not the mark "not cleanly unmounted" that
// mounting leaves for the time being. A card writes a sector or does not.
// gokrazy changes the same file in the same way. What no machine reads may have
// more sectors: see Replace.
package bootfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Most is the size of the largest file that can be read and written, in bytes:
// a sector.
const Most = sector

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
	offset, size, err := find(f, name, Most)
	if err != nil {
		return nil, fmt.Errorf("%s on the boot partition: %w", name, err)
	}
	content := make([]byte, size)
	if _, err := f.ReadAt(content, offset); err != nil {
		return nil, fmt.Errorf("read %s on the boot partition: %w", name, err)
	}
	return content, nil
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
	offset, size, err := find(f, name, Most)
	if err != nil {
		return fmt.Errorf("%s on the boot partition: %w", name, err)
	}
	content, err := fit(text, size)
	if err != nil {
		return fmt.Errorf("%s on the boot partition: %w", name, err)
	}
	if _, err := f.WriteAt([]byte(content), offset); err != nil {
		return fmt.Errorf("write %s on the boot partition: %w", name, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s on the boot partition: %w: is the card broken?", name, err)
	}
	return nil
}

// fit makes a line of text as long as the file.
func fit(text string, size int) (string, error) {
	text = strings.TrimRight(text, " \n")
	switch {
	case len(text) > size:
		return "", fmt.Errorf("it has room for %d bytes, and %d are to be written: shorten what is in it, or flash the card anew", size, len(text))
	case len(text) == size:
		return text, nil
	}
	return text + strings.Repeat(" ", size-len(text)-1) + "\n", nil
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
	offset, size, err := find(f, name, len(content))
	if err != nil {
		return fmt.Errorf("%s on the boot partition: %w", name, err)
	}
	if size != len(content) {
		return fmt.Errorf("%s on the boot partition: it has %d bytes, not %d: somebody has changed it", name, size, len(content))
	}
	if _, err := f.WriteAt(content, offset); err != nil {
		return fmt.Errorf("write %s on the boot partition: %w", name, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s on the boot partition: %w: is the card broken?", name, err)
	}
	return nil
}

// ErrMissing says that a partition has no such file.
var ErrMissing = errors.New("it is not there: the card must be flashed anew")

// find returns where a file begins, and its size, which is at most most. It is in
// one piece. The fields of the boot sector, of a directory and of the table are in
// Microsoft's FAT specification, 3.1, 6 and 4.
func find(r io.ReaderAt, name string, most int) (offset int64, size int, err error) {
	boot := make([]byte, sector)
	if _, err := r.ReadAt(boot, 0); err != nil {
		return 0, 0, err
	}
	le := binary.LittleEndian
	bytesPerSector, perCluster := le.Uint16(boot[11:]), int64(boot[13])
	reserved, tables := int64(le.Uint16(boot[14:])), int64(boot[16])
	entries, perTable := int64(le.Uint16(boot[17:])), int64(le.Uint16(boot[22:]))
	// A FAT32 has no entries here, and its root directory elsewhere.
	if boot[510] != 0x55 || boot[511] != 0xaa || bytesPerSector != sector || perCluster == 0 || entries == 0 || perTable == 0 {
		return 0, 0, errors.New("there is no FAT16 file system: the card must be flashed anew")
	}
	directory := make([]byte, entries*32)
	at := (reserved + tables*perTable) * sector
	if _, err := r.ReadAt(directory, at); err != nil {
		return 0, 0, err
	}
	entry := findEntry(directory, name)
	if entry == nil {
		return 0, 0, ErrMissing
	}
	bytes := int64(le.Uint32(entry[28:]))
	cluster := int64(le.Uint16(entry[26:]))
	if bytes == 0 || bytes > int64(most) || cluster < 2 {
		return 0, 0, fmt.Errorf("it has %d bytes: it must have 1 to %d", bytes, most)
	}
	if err := inOnePiece(r, reserved*sector, cluster, (bytes-1)/(perCluster*sector)); err != nil {
		return 0, 0, err
	}
	data := at + entries*32
	return data + (cluster-2)*perCluster*sector, int(bytes), nil
}

// inOnePiece checks in the table at an offset that so many clusters follow the
// first of a file, one after the other.
func inOnePiece(r io.ReaderAt, table, first, further int64) error {
	if further == 0 {
		return nil
	}
	next := make([]byte, 2*further)
	if _, err := r.ReadAt(next, table+2*first); err != nil {
		return err
	}
	for i := range further {
		if int64(binary.LittleEndian.Uint16(next[2*i:])) != first+i+1 {
			return errors.New("it is not in one piece: somebody has changed it")
		}
	}
	return nil
}
