package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// publish moves what was made to where it was asked for: the image, the same
// compressed, the root file system, which an update over the network sends, the
// bill of materials, and the checksums of the image.
func (b *builder) publish(img, root, document string) error {
	if err := os.MkdirAll(filepath.Dir(b.out), 0o755); err != nil {
		return err
	}
	for from, to := range map[string]string{img: b.out, img + ".gz": b.out + ".gz", root: b.out + ".root", document: b.out + ".cdx.json"} {
		if err := move(from, to); err != nil {
			return err
		}
	}
	sums, err := os.ReadFile(img + ".sha256")
	if err != nil {
		return err
	}
	sums = bytes.ReplaceAll(sums, []byte(filepath.Base(img)), []byte(filepath.Base(b.out)))
	return os.WriteFile(b.out+".sha256", sums, 0o644)
}

// stampFile says of what the image was made, and which file that was.
func (b *builder) stampFile() string {
	return filepath.Join(string(b.cache), strings.NewReplacer("/", "_").Replace(b.out)+".stamp")
}

// stamp returns what stampFile has of an image with that key that nobody has
// written to since.
func (b *builder) stamp(key string) (string, error) {
	info, err := os.Stat(b.out)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d %d\n", key, info.Size(), info.ModTime().UnixNano()), nil
}

// isThere tells whether the image was made of the same, and is as it was made.
func (b *builder) isThere(key string) bool {
	have, err := os.ReadFile(b.stampFile())
	if err != nil {
		return false
	}
	want, err := b.stamp(key)
	if err != nil || string(have) != want {
		return false
	}
	for _, suffix := range []string{".gz", ".sha256", ".cdx.json", ".root"} {
		if _, err := os.Stat(b.out + suffix); err != nil {
			return false
		}
	}
	return true
}

func (b *builder) remember(key string) error {
	stamp, err := b.stamp(key)
	if err != nil {
		return err
	}
	return os.WriteFile(b.stampFile(), []byte(stamp), 0o644)
}

// whatNext says how the image gets onto a card.
func (b *builder) whatNext() {
	fmt.Fprintf(b.log, `
%[1]s is ready. Put a card of 4 GB or more into this machine and use one of

  make flash IMAGE=%[1]s DEVICE=/dev/sdX
  Raspberry Pi Imager: "Use custom", %[1]s.gz
  sudo bmaptool copy --nobmap %[1]s.gz /dev/sdX
  sudo dd if=%[1]s of=/dev/sdX bs=4M conv=fsync status=progress

where /dev/sdX is the card, and all that is on it will be gone. Then put the card
into any laptop: its settings are in warren.toml.
`, b.out)
}
