package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"

	"warren/appliance/partition"
)

// Card is a card of one's own, made from an image. It keeps what machines write
// to it, from one to the next; it is a file without a name, so it is gone with
// this process. While a machine runs with it, nothing else may use it.
type Card struct {
	drive drive
	inUse atomic.Bool
}

// NewCard makes a card that holds what the image holds; the image is not
// changed. The seed decides what a power cut takes.
func NewCard(image string, seed uint64) (*Card, error) {
	from, err := os.Open(image)
	if err != nil {
		return nil, fmt.Errorf("there is no image (make image makes one): %w", err)
	}
	defer from.Close()
	file, err := os.CreateTemp("", "warren-card-")
	if err != nil {
		return nil, err
	}
	size, err := int64(0), os.Remove(file.Name())
	if err == nil {
		size, err = copySparse(file, from)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("copy the image: %w", err)
	}
	return &Card{drive: drive{
		file: file, size: size, pending: map[int64][]byte{}, luck: rand.New(rand.NewPCG(seed, 0)),
	}}, nil
}

// copySparse copies a file, but for its holes, which are most of an image, and
// returns its size.
func copySparse(to, from *os.File) (size int64, err error) {
	const seekData, seekHole = 3, 4 // lseek(2)
	info, err := from.Stat()
	if err != nil {
		return 0, err
	}
	for at := int64(0); ; {
		begin, err := from.Seek(at, seekData)
		if errors.Is(err, syscall.ENXIO) { // no more data
			return info.Size(), to.Truncate(info.Size())
		}
		if err != nil {
			return 0, err
		}
		at, err = from.Seek(begin, seekHole)
		if err != nil {
			return 0, err
		}
		if _, err := from.Seek(begin, io.SeekStart); err != nil {
			return 0, err
		}
		if _, err := to.Seek(begin, io.SeekStart); err != nil {
			return 0, err
		}
		if _, err := io.CopyN(to, from, at-begin); err != nil {
			return 0, err
		}
	}
}

// Enlarge makes the card one of that many bytes, as if the image had been flashed to
// a larger one.
func (c *Card) Enlarge(size int64) error {
	if size < c.drive.size || size%sector != 0 {
		return fmt.Errorf("a card of %d bytes cannot become one of %d", c.drive.size, size)
	}
	c.drive.size = size
	return c.drive.file.Truncate(size)
}

// Close throws the card away.
func (c *Card) Close() error { return c.drive.file.Close() }

// Path names the card's file, for other programs, as long as this process lives.
func (c *Card) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), c.drive.file.Fd()) }

// Get returns a file of the boot partition.
func (c *Card) Get(ctx context.Context, name string) ([]byte, error) {
	return c.mtool(ctx, nil, "mcopy", "-n", "::"+name, "-")
}

// Put writes a file of the boot partition.
func (c *Card) Put(ctx context.Context, name string, content []byte) error {
	_, err := c.mtool(ctx, content, "mcopy", "-o", "/dev/stdin", "::"+name)
	return err
}

// Delete removes a file of the boot partition.
func (c *Card) Delete(ctx context.Context, name string) error {
	_, err := c.mtool(ctx, nil, "mdel", "::"+name)
	return err
}

// mtool runs one of mtools on the boot partition.
func (c *Card) mtool(ctx context.Context, in []byte, name string, args ...string) ([]byte, error) {
	args = append([]string{"-i", fmt.Sprintf("%s@@%d", c.Path(), partition.Boot.Offset)}, args...)
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.Bytes(), nil
}

// Flushes tells how often a machine asked for what was written to be on the
// card.
func (c *Card) Flushes() int64 { return c.drive.flushes.Load() }

// Lost tells how many sectors the power cuts have taken.
func (c *Card) Lost() int64 { return c.drive.lost.Load() }
