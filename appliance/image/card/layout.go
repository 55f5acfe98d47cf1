// Package card makes the card: gokrazy's half of it, the root file system with
// Debian's half added, the boot partition that people can write to, and the
// partition for data; and it checks what it made.
package card

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
)

const (
	sector = 512
	mib    = 1 << 20
)

// Partition is where a partition lies on the card, in bytes.
type Partition struct {
	Name   string
	Offset int64
	Size   int64
}

// gokrazy's layout: a gap, the boot partition, two for root file systems, of
// which one runs and the other takes the next update, and the rest for data. It
// is fixed in gok; CheckTable compares it with what gok wrote.
var (
	Boot  = Partition{"boot", 4 * mib, 100 * mib}
	RootA = Partition{"root A", 104 * mib, 500 * mib}
	RootB = Partition{"root B", 604 * mib, 500 * mib}
)

// Size is the size of the image: it fits on every card of 4 GB or more, and is a
// power of two because QEMU wants that of an SD card.
const Size = 2 << 30

// Perm returns the partition for data on a card of that size. Behind it is the
// backup of the partition table, 33 sectors; gok leaves one more.
func Perm(size int64) Partition {
	offset := RootB.Offset + RootB.Size
	end := size - 34*sector
	return Partition{"perm", offset, (end - offset) / 1024 * 1024}
}

func layout(size int64) []Partition { return []Partition{Boot, RootA, RootB, Perm(size)} }

// CheckTable checks that a card has the partitions that the builder counts on.
func CheckTable(card io.ReaderAt, size int64) error {
	have, err := readGPT(card)
	if err != nil {
		return err
	}
	want := layout(size)
	if len(have) != len(want) {
		return fmt.Errorf("the card has %d partitions, not %d", len(have), len(want))
	}
	for i, p := range want {
		// gok's last partition ends at most a KiB later than ours.
		if have[i].Offset != p.Offset || have[i].Size < p.Size || have[i].Size >= p.Size+1024 {
			return fmt.Errorf("partition %d (%s) has %d bytes at %d, not %d at %d",
				i+1, p.Name, have[i].Size, have[i].Offset, p.Size, p.Offset)
		}
	}
	return nil
}

// readGPT reads a GUID partition table (UEFI specification, 5.3).
func readGPT(card io.ReaderAt) ([]Partition, error) {
	header := make([]byte, 92)
	if _, err := card.ReadAt(header, sector); err != nil {
		return nil, err
	}
	if string(header[:8]) != "EFI PART" {
		return nil, errors.New("the card has no GUID partition table")
	}
	le := binary.LittleEndian
	start, n, size := le.Uint64(header[72:]), le.Uint32(header[80:]), le.Uint32(header[84:])
	if n > 1024 || size < 128 || size > 4096 {
		return nil, fmt.Errorf("the partition table has %d entries of %d bytes", n, size)
	}
	entries := make([]byte, n*size)
	if _, err := card.ReadAt(entries, int64(start)*sector); err != nil {
		return nil, err
	}
	var partitions []Partition
	for i := range n {
		e := entries[i*size:]
		if [16]byte(e) == ([16]byte{}) { // no type: no partition
			continue
		}
		first, last := int64(le.Uint64(e[32:])), int64(le.Uint64(e[40:]))
		partitions = append(partitions, Partition{Name: gptName(e[56:128]), Offset: first * sector, Size: (last - first + 1) * sector})
	}
	return partitions, nil
}

func gptName(b []byte) string {
	var units []uint16
	for ; len(b) >= 2 && (b[0] != 0 || b[1] != 0); b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	return string(utf16.Decode(units))
}
