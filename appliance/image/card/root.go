package card

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"warren/appliance/image/tool"
)

// UnpackRoot unpacks the root file system of a card into dir, which it makes: all
// of it, or these folders.
func UnpackRoot(ctx context.Context, card, dir string, folders ...string) error {
	args := append([]string{"-no-progress", "-no-xattrs", "-quiet", "-d", dir,
		"-o", strconv.FormatInt(RootA.Offset, 10), card}, folders...)
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
	if info.Size() > RootA.Size {
		return fmt.Errorf("the root file system has %d MiB; its partition has %d", info.Size()/mib+1, RootA.Size/mib)
	}
	return writeFile(card, RootA.Offset, root)
}

// NewCard makes an empty card with the partition table of gok's, as a file with
// holes.
func NewCard(card, gok string) error {
	from, err := os.Open(gok)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	if err := makeSparse(card, info.Size()); err != nil {
		return err
	}
	// The table, with boot code before it, and its backup at the end.
	perm := Perm(info.Size())
	end := perm.Offset + perm.Size
	for _, part := range []Partition{{"table", 0, Boot.Offset}, {"backup", end, info.Size() - end}} {
		if err := write(card, part.Offset, io.NewSectionReader(from, part.Offset, part.Size)); err != nil {
			return err
		}
	}
	return nil
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
