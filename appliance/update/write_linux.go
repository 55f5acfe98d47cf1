package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// What is wrong with what was sent, or was not.
var (
	errTooLong = errors.New("it does not fit")
	errOther   = errors.New("it is not what was announced")
)

// write writes a root file system of that length and hash to a partition, and
// reads it back from the card.
func write(partition string, from io.Reader, length int64, sum [32]byte) (err error) {
	// O_EXCL: not one that is mounted, whatever else has gone wrong (open(2)).
	f, err := os.OpenFile(partition, os.O_RDWR|unix.O_EXCL, 0)
	if err != nil {
		return fmt.Errorf("open the other root partition: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("see how large the other root partition is: %w", err)
	}
	if length > size {
		return fmt.Errorf("%w: it has %d bytes, and the partition %d", errTooLong, length, size)
	}
	h := sha256.New()
	if err := copyExactly(io.NewOffsetWriter(f, 0), io.TeeReader(from, h), length); err != nil {
		return err
	}
	if [32]byte(h.Sum(nil)) != sum {
		return fmt.Errorf("%w: it has another SHA-256", errOther)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write the other root partition: %w: is the card broken?", err)
	}
	// What is read now comes from the card, and not from memory. A file is no
	// block device, in tests.
	if err := unix.IoctlSetInt(int(f.Fd()), unix.BLKFLSBUF, 0); err != nil && !errors.Is(err, unix.ENOTTY) {
		return fmt.Errorf("forget what was written: %w", err)
	}
	h.Reset()
	if err := copyExactly(h, io.NewSectionReader(f, 0, length), length); err != nil {
		return fmt.Errorf("read the other root partition: %w: is the card broken?", err)
	}
	if [32]byte(h.Sum(nil)) != sum {
		return errors.New("the card does not give back what was written to it: it is broken")
	}
	return nil
}

// copyExactly copies that many bytes.
func copyExactly(to io.Writer, from io.Reader, length int64) error {
	buffer := make([]byte, 1<<20) // what a card takes in one go
	n, err := io.CopyBuffer(struct{ io.Writer }{to}, io.LimitReader(from, length), buffer)
	if err == nil && n < length {
		err = io.ErrUnexpectedEOF
	}
	return err
}
