package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"warren/appliance/board/why"
	"warren/appliance/image/debian"
	"warren/appliance/settings"
)

// suffixes are those of the files beside the image.
var suffixes = []string{".root", ".cdx.json", ".sha256"}

// publish moves what was made to where it was asked for: the image, the root file
// system, which an update over the network sends, and the bill of materials; and
// writes their checksums, for sha256sum -c.
func (b *builder) publish(img, root, document string) error {
	if err := os.MkdirAll(filepath.Dir(b.out), 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for _, file := range []struct{ from, to string }{{img, b.out}, {root, b.out + ".root"}, {document, b.out + ".cdx.json"}} {
		sum, err := debian.SHA256File(file.from)
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, filepath.Base(file.to))
		if err := move(file.from, file.to); err != nil {
			return err
		}
	}
	return os.WriteFile(b.out+".sha256", []byte(sums.String()), 0o644)
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
	for _, suffix := range suffixes {
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
  Raspberry Pi Imager: "Use custom", %[1]s
  sudo dd if=%[1]s of=/dev/sdX bs=4M conv=fsync status=progress

where /dev/sdX is the card, and all that is on it will be gone. Then put the card
into any laptop: its settings are in warren.toml, and once it has been started, the
host's code is in %[2]s, and how it is in %[3]s.
`, b.out, settings.HostCodeName, why.Name)
}
