package room

import (
	"maps"
)

// verdict is what is known of a record of the log, in a byte, so that a page of it can be
// shown without judging the records before it again.
type verdict uint8

const (
	shown   verdict = 1 << iota // to everyone
	shadow                      // to its sender alone
	renamed                     // its sender's name is not shown
	deleted                     // a message, by its sender
	edited                      // a message: index.editOf knows by what
)

// maxIndex is how many offsets an index covers: the longest log that a card keeps,
// 363 MiB, has three million records of the shortest messages. They take 4 MiB, and 8 more if many are
// edited.
const maxIndex = 1 << 22

const chunk = 1 << 12 // verdicts are stored by so many

// index is what the log's records came to, one by one.
type index struct {
	chunks map[int64]*[chunk]verdict
	edits  map[int64]*[chunk]uint16 // of a message: how far behind it its last edit is, 0 if there is none
	images map[string][]int64       // offsets of the messages that have a picture, rising, by its id
	last   int64                    // the largest offset
}

func newIndex() *index {
	return &index{chunks: make(map[int64]*[chunk]verdict), edits: make(map[int64]*[chunk]uint16), images: make(map[string][]int64)}
}

// of returns the verdict on the record at an offset, 0 if it is not shown.
func (x *index) of(offset int64) verdict {
	if c := x.chunks[offset/chunk]; c != nil {
		return c[offset%chunk]
	}
	return 0
}

// set adds to the verdict on the record at an offset.
func (x *index) set(offset int64, v verdict) {
	c := x.chunks[offset/chunk]
	if c == nil {
		c = new([chunk]verdict)
		x.chunks[offset/chunk] = c
	}
	c[offset%chunk] |= v
	x.last = max(x.last, offset)
}

// edit notes that the message at an offset has the text of the edit at another one, which is no more than
// fold.Horizon behind it.
func (x *index) edit(message, by int64) {
	x.set(message, edited)
	c := x.edits[message/chunk]
	if c == nil {
		c = new([chunk]uint16)
		x.edits[message/chunk] = c
	}
	c[message%chunk] = max(c[message%chunk], uint16(by-message))
}

// editOf returns the offset of the last edit of the message at an offset, 0 if there is none.
func (x *index) editOf(message int64) int64 {
	if c := x.edits[message/chunk]; c != nil && c[message%chunk] > 0 {
		return message + int64(c[message%chunk])
	}
	return 0
}

// first returns the least offset of a chunk that is known.
func (x *index) first() int64 {
	first := int64(-1)
	for i := range x.chunks {
		if first < 0 || i*chunk < first {
			first = i * chunk
		}
	}
	return first
}

// forget forgets what is before an offset that is too far back, and returns the
// offset from which on all is known.
func (x *index) forget(begin int64) int64 {
	least := (x.last - maxIndex) / chunk * chunk
	if least <= begin || len(x.chunks) <= maxIndex/chunk {
		return begin
	}
	maps.DeleteFunc(x.chunks, func(i int64, _ *[chunk]verdict) bool { return i < least/chunk })
	maps.DeleteFunc(x.edits, func(i int64, _ *[chunk]uint16) bool { return i < least/chunk })
	for id, at := range x.images {
		n := 0
		for n < len(at) && at[n] < least {
			n++
		}
		if n == len(at) {
			delete(x.images, id)
		} else {
			x.images[id] = at[n:]
		}
	}
	return least
}
