package seal

import (
	"os"
	"path/filepath"

	"warren/appliance/image/debian"
)

// Licences stages in dir the copyright files of all packages, in
// usr/share/doc/NAME/copyright, and the texts that they refer to, in
// usr/share/common-licenses, as on every Debian.
func Licences(t Tree, packages []debian.Package, dir string) error {
	s := NewStage(dir)
	for _, p := range packages {
		text, err := debian.Copyright(string(t), p)
		if err != nil {
			return err
		}
		s.Write(filepath.Join("usr/share/doc", p.Name, "copyright"), text, 0o644)
	}
	texts, err := t.glob("usr/share/common-licenses/*")
	s.fail(err)
	for _, path := range texts {
		if to, err := os.Readlink(filepath.Join(string(t), path)); err == nil {
			s.Link(to, path)
		} else {
			s.Copy(t, path, path)
		}
	}
	return s.Err()
}
