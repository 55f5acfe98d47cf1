package card

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"warren/appliance/image/tool"
	"warren/appliance/partition"
)

// UnpackRoot unpacks the root file system of a card into dir, which it makes: all
// of it, or these folders.
func UnpackRoot(ctx context.Context, card, dir string, folders ...string) error {
	args := append([]string{"-no-progress", "-no-xattrs", "-quiet", "-d", dir,
		"-o", strconv.FormatInt(partition.RootA.Offset, 10), card}, folders...)
	_, err := tool.Run(ctx, "unsquashfs", args...)
	if err != nil {
		return err
	}
	// gok makes directories that nobody may write to. On the device, the file
	// system as a whole is read-only.
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o755)
	})
}

// WriteRoot puts a root file system into an empty card.
func WriteRoot(card, root string) error {
	info, err := os.Stat(root)
	if err != nil {
		return err
	}
	if info.Size() > partition.RootA.Size {
		return fmt.Errorf("the root file system has %d MiB; its partition has %d", info.Size()>>20+1, partition.RootA.Size>>20)
	}
	return writeFile(card, partition.RootA.Offset, root)
}

// NewCard makes an empty card with a partition table, as a file with holes.
func NewCard(card string) error {
	if err := makeSparse(card, Size); err != nil {
		return err
	}
	table := partition.NewTable(Size)
	return write(card, 0, bytes.NewReader(table[:]))
}

// write writes to a card that is empty there.
func write(card string, offset int64, from io.Reader) error {
	out, err := os.OpenFile(card, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = copySparse(io.NewOffsetWriter(out, offset), from)
	return errors.Join(err, out.Close())
}

// writeFile is write of a file.
func writeFile(card string, offset int64, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	return write(card, offset, in)
}

// copySparse copies without writing blocks of zeros.
func copySparse(to io.WriterAt, from io.Reader) error {
	block := make([]byte, 64<<10)
	for at := int64(0); ; {
		n, err := io.ReadFull(from, block)
		if !zero(block[:n]) {
			if _, err := to.WriteAt(block[:n], at); err != nil {
				return err
			}
		}
		at += int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
