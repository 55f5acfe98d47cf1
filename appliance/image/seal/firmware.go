package seal

import (
	"os"
	"path/filepath"
)

// radios are the files for the radios of Raspberry Pis, below lib/firmware:
// 43430 (3B, Zero 2 W), 43455 (3B+, 4, 5), 43456 (400), in the names that the
// driver looks for.
var radios = []string{
	"brcm/brcmfmac43430-sdio.bin", "brcm/brcmfmac43430-sdio.clm_blob", "brcm/brcmfmac43430-sdio.txt",
	"brcm/brcmfmac43430-sdio.raspberrypi,*.txt",
	"brcm/brcmfmac43455-sdio.bin", "brcm/brcmfmac43455-sdio.clm_blob", "brcm/brcmfmac43455-sdio.txt",
	"brcm/brcmfmac43455-sdio.raspberrypi,*.txt",
	"brcm/brcmfmac43456-sdio.bin", "brcm/brcmfmac43456-sdio.clm_blob", "brcm/brcmfmac43456-sdio.txt",
}

// regulatory are the rules of radio per country. Debian chooses between two
// signatures when the package is installed; every kernel knows the upstream's
// key.
var regulatory = map[string]string{
	"regulatory.db":     "regulatory.db-upstream",
	"regulatory.db.p7s": "regulatory.db.p7s-upstream",
}

// Firmware stages lib/firmware of the image's root in dir.
func Firmware(t Tree, dir string) error {
	const below = "usr/lib/firmware"
	s := NewStage(dir)
	for _, pattern := range radios {
		files, err := t.glob(filepath.Join(below, pattern))
		s.fail(err)
		if len(files) == 0 {
			_, err := t.one(filepath.Join(below, pattern)) // for its message
			s.fail(err)
		}
		for _, path := range files {
			name := filepath.Join("lib/firmware/brcm", filepath.Base(path))
			to, err := os.Readlink(filepath.Join(string(t), path))
			switch {
			case err != nil: // no link
				s.Copy(t, path, name)
			case filepath.Dir(to) == ".":
				s.Link(to, name)
			default: // to another directory: what is there, under this name
				s.Copy(t, path, name)
			}
		}
	}
	for name, from := range regulatory {
		s.Copy(t, filepath.Join(below, from), filepath.Join("lib/firmware", name))
	}
	return s.Err()
}
