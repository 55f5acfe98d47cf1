package emulator

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
)

// sector is what a drive writes whole or not at all, in bytes.
const sector = 512

// maxPending bounds what a drive keeps unwritten, in bytes: as much as drives
// have memory for. One that is full writes all of it out.
const maxPending = 64 << 20

// drive is a disk with a write cache, as a disk of its own is: what is written
// and not flushed may be lost when the power is cut, any sector of it while
// others are there. Its methods must not be called concurrently, but for what
// counts.
type drive struct {
	file    *os.File
	size    int64
	through bool // it has no cache: what is written is there
	pending map[int64][]byte
	luck    *rand.Rand

	locked atomic.Int64 // from this offset on it takes nothing any more; 0: it is as it should be

	flushes, lost atomic.Int64
}

// check returns an error unless length bytes at offset are whole sectors of the
// drive.
func (d *drive) check(offset, length int64) error {
	if offset%sector != 0 || length%sector != 0 || offset < 0 || length < 0 || offset > d.size-length {
		return fmt.Errorf("%d bytes at %d are no sectors of a drive of %d bytes", length, offset, d.size)
	}
	return nil
}

func (d *drive) read(p []byte, offset int64) error {
	if err := d.check(offset, int64(len(p))); err != nil {
		return err
	}
	if _, err := d.file.ReadAt(p, offset); err != nil {
		return err
	}
	if len(d.pending) == 0 {
		return nil
	}
	for at := int64(0); at < int64(len(p)); at += sector {
		if data, ok := d.pending[(offset+at)/sector]; ok {
			copy(p[at:at+sector], data)
		}
	}
	return nil
}

// write writes into the cache. With fua (force unit access), and without a
// cache, what is written is there when write returns.
func (d *drive) write(p []byte, offset int64, fua bool) error {
	if err := d.check(offset, int64(len(p))); err != nil {
		return err
	}
	if locked := d.locked.Load(); locked > 0 && offset >= locked {
		return fmt.Errorf("nothing is written at %d any more", offset)
	}
	if fua || d.through {
		if _, err := d.file.WriteAt(p, offset); err != nil {
			return err
		}
		for at := int64(0); at < int64(len(p)); at += sector {
			delete(d.pending, (offset+at)/sector)
		}
		return nil
	}
	for at := int64(0); at < int64(len(p)); at += sector {
		n := (offset + at) / sector
		if old, ok := d.pending[n]; !ok {
			d.pending[n] = make([]byte, sector)
		} else if d.luck.IntN(2) == 0 {
			// Meanwhile, the drive has found time to write the older one.
			if _, err := d.file.WriteAt(old, n*sector); err != nil {
				return err
			}
		}
		copy(d.pending[n], p[at:])
	}
	if len(d.pending)*sector > maxPending {
		return d.writeOut()
	}
	return nil
}

func (d *drive) flush() error {
	d.flushes.Add(1)
	return d.writeOut()
}

func (d *drive) writeOut() error {
	for n, data := range d.pending {
		if _, err := d.file.WriteAt(data, n*sector); err != nil {
			return err
		}
	}
	clear(d.pending)
	return nil
}

// cut cuts the power: of what was not flushed, anything from nothing to all is
// lost, each sector for itself.
func (d *drive) cut() error {
	chance := d.luck.Float64()
	for n, data := range d.pending {
		if d.luck.Float64() < chance {
			d.lost.Add(1)
			continue
		}
		if _, err := d.file.WriteAt(data, n*sector); err != nil {
			return err
		}
	}
	clear(d.pending)
	return nil
}
