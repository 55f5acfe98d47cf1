// Package flush puts on the disk what RabbitMQ has written and confirmed,
// which RabbitMQ itself leaves to the kernel: up to 35 seconds, with the
// kernel's defaults, and a power cut takes them.
package flush

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"
)

// Every is how often the folder is looked at. What was written is on the disk
// after this time and that of one flush; the promise to people is two seconds.
// More often would cost the card: each flush of a second of chat wrote about
// 60 KB, whatever was said in it, mostly the journal's.
const Every = time.Second

// Flusher flushes a folder's file system when something in the folder has
// changed, and never otherwise.
type Flusher struct {
	Dir  string
	Sync func() error // flushes the file system of Dir; see FileSystem
	Log  *slog.Logger

	seen   uint64 // mark of the folder when it was last flushed
	failed bool   // and that was said
}

// Run flushes until ctx ends, and then once more if there is something.
func (f *Flusher) Run(ctx context.Context) {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		f.once()
		select {
		case <-ctx.Done():
			f.once()
			return
		case <-tick.C:
		}
	}
}

// once flushes if something has changed.
func (f *Flusher) once() {
	// Taken before the flush: what is written during it is seen the next time.
	now := mark(f.Dir)
	if now == f.seen {
		return
	}
	err := f.Sync()
	if err != nil && !f.failed {
		f.Log.Error("what is said cannot be put on the disk: is the card broken?", "error", err)
	}
	f.failed = err != nil
	if err == nil {
		f.seen = now
	}
}

// mark is a number that changes with any file in dir: with its size, which
// every message changes, its time of modification, its name. All of the folder
// is looked at, since what RabbitMQ writes beside its streams matters as much:
// without coordination/…/names.dets, written 3 s after it made its first stream,
// it does not find the stream again. There are some 200 files; looking at them
// takes a millisecond or two.
func mark(dir string) uint64 {
	h := fnv.New64a()
	var number [16]byte
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it has just been removed, which its folder shows
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		h.Write([]byte(path))
		if err == nil {
			binary.LittleEndian.PutUint64(number[:8], uint64(info.Size()))
			binary.LittleEndian.PutUint64(number[8:], uint64(info.ModTime().UnixNano()))
			h.Write(number[:])
		}
		return nil
	})
	return h.Sum64()
}
