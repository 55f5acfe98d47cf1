package debian

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"warren/appliance/image/tool"
)

// Unpack unpacks the packages into the directory dir, which it makes. No script
// of theirs is run, everything belongs to whoever builds, and there are no
// setuid bits: nothing in the image may become another user.
func (s Store) Unpack(ctx context.Context, packages []Package, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // no name in a package leads out of it
	if err != nil {
		return err
	}
	defer root.Close()
	// As on every Debian: packages rely on these links being there.
	for link, to := range map[string]string{"bin": "usr/bin", "lib": "usr/lib", "sbin": "usr/sbin"} {
		if err := root.MkdirAll(to, 0o755); err != nil {
			return err
		}
		if err := root.Symlink(to, link); err != nil {
			return err
		}
	}
	for _, p := range packages {
		_, err := tool.Command{
			Program: "dpkg-deb", Args: []string{"--fsys-tarfile", s.path(p)},
			Stdout: func(out io.Reader) error { return untar(out, root) },
		}.Run(ctx)
		if err != nil {
			return fmt.Errorf("unpack %s: %w", p, err)
		}
	}
	return nil
}

// untar unpacks an archive into root.
func untar(archive io.Reader, root *os.Root) error {
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unpackOne(r, h, root); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func unpackOne(r *tar.Reader, h *tar.Header, root *os.Root) error {
	name := path.Clean(strings.TrimPrefix(h.Name, "./"))
	if name == "." {
		return nil
	}
	if h.Typeflag == tar.TypeDir {
		return root.MkdirAll(name, 0o755)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	if info, err := root.Lstat(name); err == nil {
		if info.IsDir() && h.Typeflag == tar.TypeSymlink {
			return nil // the links of the root: they are there
		}
		if info.Mode().Type() == fs.ModeSymlink && h.Typeflag == tar.TypeSymlink {
			return nil
		}
		if err := root.Remove(name); err != nil {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeReg:
		perm := h.FileInfo().Mode().Perm() | 0o600 // ours to read and to remove
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Chmod(perm), f.Close())
	case tar.TypeSymlink:
		return root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		return root.Link(path.Clean(strings.TrimPrefix(h.Linkname, "./")), name)
	}
	return fmt.Errorf("a package has a file of type %q", h.Typeflag)
}
