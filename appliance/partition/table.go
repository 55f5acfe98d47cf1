// Package partition is the card's partition table: where the partitions lie, the
// table as the builder writes it, and the growth of the last one to the size of the
// card that it was flashed to.
//
// The table is a plain master boot record, as Raspberry Pi OS has one: every
// Raspberry Pi starts from it, and every laptop shows its first partition, which
// has the settings. Until November 2026 cards had a hybrid of it and a GUID
// partition table, in which that one was typed EFI System, so that Linux and macOS
// hid it.
package partition

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Sector is the unit of the table, in bytes.
const Sector = 512

const mib = 1 << 20

// Partition is where a partition lies on the card, in bytes.
type Partition struct {
	Name   string
	Offset int64
	Size   int64
}

// The layout, which is gokrazy's: a gap, the boot partition, two for root file
// systems, of which one runs and the other takes the next update, and the rest for
// data. Updates count on it: it is the same on all cards.
var (
	Boot  = Partition{"boot", 4 * mib, 100 * mib}
	RootA = Partition{"root A", 104 * mib, 500 * mib}
	RootB = Partition{"root B", 604 * mib, 500 * mib}
)

// Perm returns the partition for data on a card of that size: what is left.
func Perm(size int64) Partition {
	offset := RootB.Offset + RootB.Size
	return Partition{"perm", offset, (size - offset) / mib * mib}
}

// Layout returns all partitions of a card of that size.
func Layout(size int64) []Partition { return []Partition{Boot, RootA, RootB, Perm(size)} }

// diskID is in the table of every card, and in the name that the kernel finds its
// root by. It is gokrazy's for an instance of this name (the FNV-1a hash of
// "warren"), and has no zeros at its beginning that one of the readers might drop.
const diskID = 0x60041a5a

// Root returns what the kernel calls the partition of a number, 1 to 4, as in
// root=PARTUUID=60041a5a-02: gokrazy wants lower case and two digits.
func Root(number int) string { return fmt.Sprintf("PARTUUID=%08x-%02d", diskID, number) }

// Types of partitions. 0x0c is FAT, addressed by sectors: each system with a screen
// shows such a one.
const (
	typeFAT        = 0x0c
	typeLinux      = 0x83
	typeProtective = 0xee // there is a GUID partition table, too
)

// Where the fields are.
const (
	atID       = 440
	atEntries  = 446
	entryBytes = 16
	atMark     = 510
)

// A Table is the first sector of a card.
type Table [Sector]byte

// NewTable returns the table of a card of that size.
func NewTable(size int64) Table {
	var t Table
	le := binary.LittleEndian
	le.PutUint32(t[atID:], diskID)
	for i, p := range Layout(size) {
		e := t.entry(i)
		kind := byte(typeLinux)
		if i == 0 {
			kind = typeFAT
			e[0] = 0x80 // active: the oldest firmware looks for it
		}
		// Cylinders and heads that cannot be: everybody counts in sectors.
		copy(e[1:], []byte{0xfe, 0xff, 0xff, kind, 0xfe, 0xff, 0xff})
		le.PutUint32(e[8:], uint32(p.Offset/Sector))
		le.PutUint32(e[12:], uint32(p.Size/Sector))
	}
	copy(t[atMark:], []byte{0x55, 0xaa})
	return t
}

func (t *Table) entry(i int) []byte { return t[atEntries+i*entryBytes:][:entryBytes] }

// partition returns where the partition of an entry, from 0, lies.
func (t *Table) partition(i int) (offset, size int64) {
	e := t.entry(i)
	le := binary.LittleEndian
	return int64(le.Uint32(e[8:])) * Sector, int64(le.Uint32(e[12:])) * Sector
}

// Read reads the table of a card.
func Read(card io.ReaderAt) (t Table, err error) {
	if _, err := card.ReadAt(t[:], 0); err != nil {
		return t, fmt.Errorf("read the partition table: %w", err)
	}
	return t, nil
}

// Check checks that a card of that size has the table that NewTable returns.
func Check(card io.ReaderAt, size int64) error {
	have, err := Read(card)
	if err != nil {
		return err
	}
	if err := have.checkOurs(); err != nil {
		return err
	}
	if want := NewTable(size); have != want {
		at := 0
		for have[at] == want[at] {
			at++
		}
		return fmt.Errorf("the partition table has %#02x at byte %d, not %#02x", have[at], at, want[at])
	}
	return nil
}

// errHybrid is a card that was flashed with an older Warren.
var errHybrid = errors.New("the card was flashed with an older Warren, and has a GUID partition table")

// checkOurs says why a table is not one of a card of ours, of whatever size.
func (t *Table) checkOurs() error {
	if t[atMark] != 0x55 || t[atMark+1] != 0xaa {
		return errors.New("the card has no partition table")
	}
	for i := range 4 {
		if t.entry(i)[4] == typeProtective {
			return errHybrid
		}
	}
	// But for the size of the last one, it must be as it was made.
	want := NewTable(RootB.Offset + RootB.Size + mib)
	have := *t
	copy(have.entry(3)[12:], want.entry(3)[12:])
	if !bytes.Equal(have[atID:], want[atID:]) {
		return errors.New("the partition table is not one of a card of Warren's")
	}
	return nil
}
