package card

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"warren/appliance/image/tool"
	"warren/appliance/partition"
	"warren/chatd/hostcode"
)

// HoldsNoHostCode reads all of a card, with the file systems that are compressed in
// it, and returns an error that names the place of anything that looks like a
// host's code as hostcode.New makes it. An image is for everybody, and whoever
// knows a card's code may replace its system. It works in the directory work.
func HoldsNoHostCode(ctx context.Context, card, work string) error {
	f, err := os.Open(card)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	// What is not compressed: the boot partition, the one for data, and all between.
	if code, err := hostcode.Find(f); err != nil || code != "" {
		return errors.Join(codeIn("the card itself", code), err)
	}
	root := filepath.Join(work, "hostcode.squashfs")
	defer os.Remove(root)
	used, err := squashfsUsed(io.NewSectionReader(f, partition.RootA.Offset, partition.RootA.Size))
	if err != nil {
		return err
	}
	if err := writeSection(root, io.NewSectionReader(f, partition.RootA.Offset, min(used, info.Size()-partition.RootA.Offset))); err != nil {
		return err
	}
	return searchSquashfs(ctx, root, "")
}

func codeIn(where, code string) error {
	if code == "" {
		return nil
	}
	return fmt.Errorf("%s has a host's code in it (%s…): everybody who has the image would be the host of everybody's card", where, code[:2])
}

// searchSquashfs searches all files of a squashfs, which is at path in the card.
func searchSquashfs(ctx context.Context, file, path string) error {
	dir := file + ".files"
	defer os.RemoveAll(dir)
	if _, err := tool.Run(ctx, "unsquashfs", "-q", "-n", "-no-xattrs", "-d", dir, file); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		in := path + strings.TrimPrefix(name, dir)
		if filepath.Ext(name) == ".squashfs" {
			return searchSquashfs(ctx, name, in)
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		code, err := hostcode.Find(f)
		return errors.Join(codeIn(in, code), err)
	})
}

func writeSection(file string, r io.Reader) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	return errors.Join(err, out.Close())
}

// HasRoot reports whether the first root partition of a card begins with the file
// system of that size and SHA-256, in hexadecimal.
func HasRoot(card string, size int64, sum string) (bool, error) {
	f, err := os.Open(card)
	if err != nil {
		return false, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, partition.RootA.Offset, min(size, partition.RootA.Size))); err != nil {
		return false, err
	}
	return hex.EncodeToString(h.Sum(nil)) == sum, nil
}
