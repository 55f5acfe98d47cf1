package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// block is how much is written at once: cards like it large.
const block = 4 << 20

// progress is told how far a step is.
type progress func(step string, done, all int64)

// write writes the image to the device, and returns when it is on the card.
func write(ctx context.Context, image io.Reader, size int64, device string, tell progress) error {
	// O_EXCL: whoever mounts it in this moment makes us fail, see open(2).
	out, err := os.OpenFile(device, os.O_WRONLY|syscall.O_EXCL, 0)
	if err != nil {
		return explain(err)
	}
	buffer := make([]byte, block)
	for done := int64(0); done < size && err == nil; {
		n, readErr := io.ReadFull(image, buffer[:min(block, size-done)])
		if readErr != nil {
			err = fmt.Errorf("the image: %w", readErr)
			break
		}
		if _, err = out.Write(buffer[:n]); err == nil {
			// One block after the other to the card: else all of it waits in
			// memory for the last moment, and the progress is a lie.
			err = out.Sync()
		}
		done += int64(n)
		tell("writing", done, size)
		if ctx.Err() != nil {
			err = errors.New("interrupted: the card is only half written")
		}
	}
	return errors.Join(err, out.Close())
}

// verify reads the device and compares it with the image.
func verify(ctx context.Context, image io.Reader, size int64, device string, tell progress) error {
	in, err := os.Open(device)
	if err != nil {
		return explain(err)
	}
	defer in.Close()
	forget(in)
	want, have := make([]byte, block), make([]byte, block)
	for done := int64(0); done < size; {
		n := min(block, size-done)
		if _, err := io.ReadFull(image, want[:n]); err != nil {
			return fmt.Errorf("the image: %w", err)
		}
		if _, err := io.ReadFull(in, have[:n]); err != nil {
			return fmt.Errorf("the card cannot be read: %w", err)
		}
		if !bytes.Equal(want[:n], have[:n]) {
			return fmt.Errorf("the card does not have what was written to it, from byte %d on: try again, or another card", done)
		}
		done += n
		tell("checking", done, size)
		if ctx.Err() != nil {
			return errors.New("interrupted: the card is written, but not checked")
		}
	}
	return nil
}

// forget makes the kernel forget what it has of the device in memory, so that
// the card itself is read.
func forget(device *os.File) {
	// Files that are no block devices, in tests, do not know BLKFLSBUF.
	unix.IoctlSetInt(int(device.Fd()), unix.BLKFLSBUF, 0)
	unix.Fadvise(int(device.Fd()), 0, 0, unix.FADV_DONTNEED)
}

func explain(err error) error {
	switch {
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w: only root may write to disks: try it with sudo", err)
	case errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("%w: somebody uses it, perhaps the desktop has just mounted it", err)
	}
	return err
}

// teller returns a progress that writes one line again and again.
func teller(w io.Writer) progress {
	start, step := time.Now(), ""
	return func(now string, done, all int64) {
		if now != step {
			start, step = time.Now(), now
		}
		seconds := max(time.Since(start).Seconds(), 0.001)
		fmt.Fprintf(w, "\r%-9s %3d %%  %6.1f MB/s ", step, 100*done/all, float64(done)/1e6/seconds)
		if done == all {
			fmt.Fprintln(w)
		}
	}
}
