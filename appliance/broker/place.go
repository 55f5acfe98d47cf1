package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"warren/appliance/sealed"
)

// A room must open on a card that cannot be written, too. RabbitMQ then has its
// data in memory, in a tmpfs. The exchange in chatd's own process would take less
// memory; but the light and every AMQP client need a RabbitMQ, and a tmpfs keeps the
// room when chatd or RabbitMQ ends, until the card is switched off.
const (
	// memorySize is what the tmpfs takes at most, in bytes. It counts into
	// oci.MemoryLimit, of which RabbitMQ itself needs 124 MB, so that a board of
	// 512 MB still has 200 for all else.
	memorySize = 48 << 20

	// memoryKeepMB is how much of the log it keeps at most, in MiB. A log takes
	// one file more than it keeps and a tenth for its index; RabbitMQ's database and
	// its own logs were seen to take 3 MiB. The rest is for queues.
	memoryKeepMB = 16

	// memoryFree is what RabbitMQ leaves free of it, in bytes: enough to tidy up.
	memoryFree = 8 << 20
)

// What a card must have free for RabbitMQ to start with the data on it. It stops
// taking messages far above that (see minFree), so only something else can have
// filled the card; and it has some 200 files, of which a few are new at each start.
const (
	leastFree  = 16 << 20
	leastFiles = 64
)

// place is where RabbitMQ's data are.
type place struct {
	url      string // of that RabbitMQ: its database has the password
	data     string
	inMemory string // why they are in memory, a sentence for the host; empty: they are on the card
}

// places finds the place.
type places struct {
	card   string // a folder on the disk that outlasts a restart
	memory string // a folder on which a tmpfs is mounted when one is needed
	mount  func(dir string) error
	log    *slog.Logger
}

// find returns the card if it can be written, and memory if not. A room that is in
// memory stays there until the next start of the system: going back would take
// from guests what was said since.
func (p places) find() (place, error) {
	why, err := os.ReadFile(p.whyFile())
	if err != nil {
		err := writable(p.card)
		if err == nil {
			var url string
			if url, err = ownURL(p.urlFile()); err == nil {
				return place{url: url, data: filepath.Join(p.card, "rabbitmq")}, nil
			}
		}
		p.log.Error("the card cannot be written: the room is kept in memory", "error", err)
		why = []byte(unwritable(err))
	}
	if err := p.mount(p.memory); err != nil {
		return place{}, fmt.Errorf("%s And memory cannot be used instead: %w", why, err)
	}
	url, err := ownURL(filepath.Join(p.memory, "broker.url"))
	if err != nil {
		return place{}, err
	}
	if err := writeFile(p.whyFile(), why, 0o600, 0, false); err != nil {
		return place{}, fmt.Errorf("note why the room is in memory: %w", err)
	}
	return place{url: url, data: filepath.Join(p.memory, "rabbitmq"), inMemory: string(why)}, nil
}

func (p places) urlFile() string { return filepath.Join(p.card, "warren", "broker.url") }

func (p places) whyFile() string { return filepath.Join(p.memory, "why") }

// unwritable says to the host what is wrong with the card, and what to do.
func unwritable(err error) string {
	return "The card cannot be written, so what is said is kept in memory only, and is gone when the box is switched off. " +
		"The reason is: " + strings.TrimSuffix(err.Error(), ".") + ". Flash the card anew; if that does not help, take another one."
}

// Errors of writable.
var (
	errReadOnly = errors.New("its data partition is missing, damaged or locked: nothing can be written to it")
	errNoFiles  = errors.New("its data partition has no room for another file")
	errNoRoom   = errors.New("its data partition is full")
	errDamaged  = errors.New("the card fails, or its data partition is damaged")
)

// writable returns nil if files can be made in dir, which is on the card, and what is
// written gets there.
func writable(dir string) error {
	var st unix.Statfs_t
	err := unix.Statfs(dir, &st)
	switch {
	case err != nil:
		return fmt.Errorf("its data partition cannot be found: %w", err)
	case st.Flags&unix.ST_RDONLY != 0:
		return errReadOnly
	case st.Files > 0 && st.Ffree < leastFiles: // some file systems, such as FAT, do not count
		return errNoFiles
	case st.Bavail*uint64(st.Frsize) < leastFree:
		return errNoRoom
	}
	return explain(tryWriting(filepath.Join(dir, "warren")))
}

// tryWriting writes a file to the disk and removes it.
func tryWriting(dir string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".writable-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Sync(), f.Close())
}

// stillWritable is writable of a card that was, without writing to it: it is asked
// all the time. When ext4 finds an error it refuses all further work, either
// because it has become read-only, which statfs(2) and open(2) tell; or it shuts
// down, as Linux 6.12 does with errors=remount-ro, and open(2) tells.
func (p places) stillWritable() error {
	f, err := os.OpenFile(p.urlFile(), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil // somebody has removed it, by hand: RabbitMQ does not mind
	}
	if err != nil {
		return explain(err)
	}
	return f.Close()
}

// explain puts an error of a file system into words for the host.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EROFS):
		return errReadOnly
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return errNoRoom
	case errors.Is(err, unix.EIO), errors.Is(err, unix.EUCLEAN):
		return errDamaged
	}
	return err
}

// mountMemory mounts a tmpfs of memorySize at dir, if there is none yet.
func mountMemory(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if mounted, err := sealed.Mounted(dir); err != nil || mounted {
		return err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, fmt.Sprintf("size=%d,mode=755", memorySize)); err != nil {
		return fmt.Errorf("mount a tmpfs at %s: %w", dir, err)
	}
	return nil
}
