package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"warren/appliance/image/tool"
)

// xz's level and threads, by measuring (docs/release.md): level 6 makes the image
// 7 MiB smaller than level 0, for a minute of processor time. Two threads halve
// the wait on two cores. More of either would only make it need more memory.
var xzFlags = []string{"-6", "--threads=2", "--block-size=16MiB", "--check=sha256"}

// compress writes a file compressed by xz.
func compress(ctx context.Context, from, to string, flags []string) error {
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = tool.Command{
		Program: "xz", Args: append(flags, "--stdout", from),
		Stdout: func(r io.Reader) error {
			_, err := io.Copy(out, r)
			return err
		},
	}.Run(ctx)
	return errors.Join(err, out.Close())
}

// extract writes what is compressed in a file, with holes where there are zeros,
// and returns its size and hash. It refuses more than most bytes.
func extract(ctx context.Context, from, to string, most int64) (blob, error) {
	out, err := os.Create(to)
	if err != nil {
		return blob{}, err
	}
	hash := sha256.New()
	var size int64
	_, err = tool.Command{
		Program: "xz", Args: []string{"--decompress", "--stdout", from},
		Stdout: func(r io.Reader) error {
			block := make([]byte, len(zeros))
			for {
				n, err := io.ReadFull(r, block)
				if n > 0 {
					hash.Write(block[:n])
					if size += int64(n); size > most {
						return fmt.Errorf("it has more than %d bytes", most)
					}
					if err := writeSparse(out, block[:n]); err != nil {
						return err
					}
				}
				switch {
				case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
					return out.Truncate(size)
				case err != nil:
					return err
				}
			}
		},
	}.Run(ctx)
	return blob{size, hex.EncodeToString(hash.Sum(nil))}, errors.Join(err, out.Close())
}

// writeSparse writes a block, or goes on behind it if it is empty.
func writeSparse(out *os.File, block []byte) error {
	if bytes.Equal(block, zeros[:len(block)]) {
		_, err := out.Seek(int64(len(block)), io.SeekCurrent)
		return err
	}
	_, err := out.Write(block)
	return err
}

var zeros [1 << 20]byte
