package partition

import (
	"encoding/binary"
	"fmt"
)

// Group is what the partition for data grows by: a block group of its ext4 (32,768
// blocks of 4 KiB). Of a group that is not whole ext4 may use nothing, and would try
// again at each start.
const Group = 128 * mib

// grown returns the table of a card of that size in which the partition for data is
// as large as the card allows, and at most most bytes; or the table as it is, because
// nothing ever becomes smaller. It is an error if the table is not one of ours.
func (t Table) grown(card, most int64) (Table, error) {
	if err := t.checkOurs(); err != nil {
		return t, err
	}
	offset, size := t.partition(3)
	if offset+size > card {
		return t, fmt.Errorf("the partition table says that the card has at least %d bytes, and it has %d: was the image written in full, and is the card what it says it is?", offset+size, card)
	}
	room := min(card-offset, most) / Group * Group
	if room > size {
		binary.LittleEndian.PutUint32(t.entry(3)[12:], uint32(room/Sector))
	}
	return t, nil
}
