package fold

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
)

// Horizon is how many offsets back a repeat is known, and a message can be edited or
// taken back. Repeats come within the seconds that a broken line to the broker takes to be
// noticed; a message can be edited for ten minutes: in these, a hundred people who say
// two things a minute say 2,000.
const Horizon = 2048

// maxRemembered is how many records are remembered at least, so that a phone that
// says an old message again can be told where it is. That is a courtesy: what is beyond the horizon
// is no repeat. 65,536 records of 40 bytes, and as much for their index, are 5 MiB.
const maxRemembered = 1 << 15

// remembered is what is known of a record.
type remembered struct {
	offset int64
	time   int64
	key    uint64 // of what makes a repeat of it, 0: nothing does
	author uint64 // of a message's From.ID, 0: nobody's
	reason uint8  // why it was refused: an index of reasons

	message, shown, shadow, deleted bool
}

// recent are the last records that could be read and are no repeats, by offset.
type recent struct {
	all []remembered
	at  map[uint64]int64 // by key: the offset of the last with it
}

func newRecent() recent { return recent{at: make(map[uint64]int64)} }

// forget makes room: half of what is remembered goes at once, if all of it is
// beyond the horizon of an offset. It returns the offset from which on all are still
// remembered, 0 if none were forgotten.
func (r *recent) forget(offset int64) (oldest int64) {
	const half = maxRemembered
	if len(r.all) < 2*half || offset-r.all[half-1].offset <= Horizon {
		return 0
	}
	for _, m := range r.all[:half] {
		if r.at[m.key] == m.offset {
			delete(r.at, m.key)
		}
	}
	r.all = r.all[:copy(r.all, r.all[half:])]
	return r.all[0].offset
}

func (r *recent) add(m remembered) {
	r.all = append(r.all, m)
	if m.key != 0 {
		r.at[m.key] = m.offset
	}
}

// repeated reports whether a record at an offset repeats another one.
func (r *recent) repeated(key uint64, offset int64) bool {
	at, ok := r.at[key]
	return ok && offset-at <= Horizon
}

// find returns what is remembered of the record at an offset, nil if nothing is.
func (r *recent) find(offset int64) *remembered {
	i, ok := slices.BinarySearchFunc(r.all, offset, func(m remembered, o int64) int {
		if m.offset < o {
			return -1
		} else if m.offset > o {
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return &r.all[i]
}

// Keys are 64 bits of SHA-256: whoever wants to suppress another's message by
// one that has its key has to know the other's id for it beforehand, and to try
// 2^64 of their own.

func keyOf(kind, sender, app, id string) uint64 {
	if sender == "" {
		sender = "app " + app
	}
	return hash(kind, sender, id)
}

// hashID returns what stands for a person in a snapshot, 0 for nobody.
func hashID(id string) uint64 {
	if id == "" {
		return 0
	}
	return hash("person", id, "")
}

func hash(a, b, c string) uint64 {
	var buf [256]byte
	data := buf[:0]
	for _, s := range []string{a, b, c} {
		data = binary.AppendUvarint(data, uint64(len(s)))
		data = append(data, s...)
	}
	sum := sha256.Sum256(data)
	return max(1, binary.BigEndian.Uint64(sum[:]))
}

// The digest in a snapshot: for each record within the horizon, oldest first,
//
//	uvarint  offset, less that of the one before
//	varint   time, less that of the one before
//	byte     flags: its reason's number, and the bits below
//	8 bytes  key, if there is one
//	8 bytes  author, if there is one
const (
	reasonBits = 0x0f
	hasKey     = 0x10
	isMessage  = 0x20
	isShadow   = 0x40
	isDeleted  = 0x80
)

// digest returns what is remembered within the horizon of an offset.
func (r *recent) digest(offset int64) []byte {
	var out []byte
	var before remembered
	for _, m := range r.all {
		if offset-m.offset > Horizon {
			continue
		}
		out = binary.AppendUvarint(out, uint64(m.offset-before.offset))
		out = binary.AppendVarint(out, m.time-before.time)
		flags := m.reason
		for _, bit := range []struct {
			set  bool
			flag byte
		}{{m.key != 0, hasKey}, {m.message, isMessage}, {m.shadow, isShadow}, {m.deleted, isDeleted}} {
			if bit.set {
				flags |= bit.flag
			}
		}
		out = append(out, flags)
		if m.key != 0 {
			out = binary.BigEndian.AppendUint64(out, m.key)
		}
		if m.message {
			out = binary.BigEndian.AppendUint64(out, m.author)
		}
		before = m
	}
	return out
}

var errDigest = errors.New("recent: not what a fold remembers")

// recentOf reads a digest.
func recentOf(data []byte) (recent, error) {
	r := newRecent()
	var before remembered
	for len(data) > 0 {
		step, n := binary.Uvarint(data)
		if n <= 0 || step > 1<<62 {
			return newRecent(), errDigest
		}
		data = data[n:]
		later, n := binary.Varint(data)
		if n <= 0 || len(data) < n+1 {
			return newRecent(), errDigest
		}
		flags := data[n]
		data = data[n+1:]
		m := remembered{offset: before.offset + int64(step), time: before.time + later, message: flags&isMessage != 0, shadow: flags&isShadow != 0, deleted: flags&isDeleted != 0}
		if int(flags&reasonBits) >= len(reasons) || len(r.all) > 0 && m.offset <= before.offset || m.offset < 0 {
			return newRecent(), errDigest
		}
		m.reason = flags & reasonBits
		m.shown = m.message && m.reason == 0
		for _, field := range []struct {
			there bool
			to    *uint64
		}{{flags&hasKey != 0, &m.key}, {m.message, &m.author}} {
			if !field.there {
				continue
			}
			if len(data) < 8 {
				return newRecent(), errDigest
			}
			*field.to = binary.BigEndian.Uint64(data)
			data = data[8:]
		}
		r.add(m)
		before = m
	}
	return r, nil
}
