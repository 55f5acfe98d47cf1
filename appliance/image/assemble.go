package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"warren/appliance/board/why"
	"warren/appliance/image/boards"
	"warren/appliance/image/bom"
	"warren/appliance/image/card"
	"warren/appliance/image/debian"
	"warren/appliance/image/seal"
	"warren/appliance/partition"
	"warren/appliance/settings"
)

// addDebian adds Debian's half, firmware that was brought, all licences and the bill
// of materials to the unpacked root.
func (b *builder) addDebian(sealed, root string, packages []debian.Package, modules []bom.Module, brought broughtFirmware) error {
	if err := os.CopyFS(root, os.DirFS(filepath.Join(sealed, "root"))); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(root, "opt"), 0o755); err != nil {
		return err
	}
	for _, name := range []string{"broker.squashfs", "hotspot.squashfs"} {
		if err := os.Link(filepath.Join(sealed, name), filepath.Join(root, "opt", name)); err != nil {
			return err
		}
	}
	components, err := brought.add(root)
	if err != nil {
		return err
	}
	for _, p := range packages {
		text, err := debian.Copyright(root, p)
		if err != nil {
			return err
		}
		components = append(components, cdx.Component{
			Type: cdx.ComponentTypeLibrary, Name: p.Name, Version: p.Version, PackageURL: p.PURL(),
			Hashes:     bom.SHA256(p.SHA256),
			Licenses:   bom.Named(debian.Licences(text)...),
			Properties: bom.TextAt("/usr/share/doc/" + p.Name + "/copyright"),
		})
	}
	for _, m := range modules {
		text, err := m.Licence()
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(root, m.LicenceFile()), text); err != nil {
			return err
		}
		components = append(components, m.Component(text))
	}
	document, err := bom.JSON(b.version, b.at, components)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(root, bomFile), document); err != nil {
		return err
	}
	// gok's own names the directory that it was built in.
	gokrazys, err := json.Marshal(map[string]any{
		"sbom_hash": fmt.Sprintf("%x", sha256.Sum256(document)),
		"sbom":      json.RawMessage(document),
	})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(root, gokBOMFile), gokrazys)
}

// writeFile writes a file, in place of one that may be there: gok's are such
// that nobody may write to them.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

// assemble makes the card, checks it, and puts it where it belongs with all that
// goes with it.
func (b *builder) assemble(ctx context.Context, work, gok, root, boot string) error {
	img := filepath.Join(work, "card.img")
	squashed := filepath.Join(work, "root.squashfs")
	err := b.step("root", func() (string, error) {
		if err := seal.Squash(ctx, root, squashed, b.at); err != nil {
			return "", err
		}
		info, err := os.Stat(squashed)
		if err != nil {
			return "", err
		}
		return mib(info.Size()) + " to be mounted as /", nil
	})
	if err != nil {
		return err
	}
	err = b.step("card", func() (string, error) {
		for name, content := range map[string][]byte{
			settings.FileName:     settings.File(settings.Default()),
			settings.HostCodeName: settings.HostCodeFile("", ""), // the card makes its own
			why.Name:              why.Blank(),
		} {
			if err := os.WriteFile(filepath.Join(boot, name), content, 0o644); err != nil {
				return "", err
			}
		}
		if err := card.Finish(boot); err != nil {
			return "", err
		}
		if err := card.NewCard(img); err != nil {
			return "", err
		}
		if err := card.WriteRoot(img, squashed); err != nil {
			return "", err
		}
		if err := card.WriteBoot(img, boot, b.at); err != nil {
			return "", err
		}
		return mib(card.Size) + ", with " + settings.FileName, card.FormatPerm(ctx, img, card.Size, b.at)
	})
	if err != nil {
		return err
	}
	err = b.step("check", func() (string, error) {
		r, err := card.Check(ctx, img, work, wanted.root, wanted.boot)
		return fmt.Sprintf("root uses %s of %s, boot has %s free", mib(r.RootUsed), mib(partition.RootA.Size), mib(r.BootFree)), err
	})
	if err != nil {
		return err
	}
	var rows []boards.Row
	err = b.step("boards", func() (string, error) {
		rows, err = checkBoards(ctx, img, filepath.Join(work, "check"))
		return fmt.Sprintf("%d kinds of Pi find what they read", len(boards.All)), err
	})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Lacks() {
			fmt.Fprintf(b.log, "%12sno Wi-Fi on a Pi %s with the radio %s: nobody brought its files, see -firmware\n", "", r.Board.Name, r.Chip)
		}
	}
	return b.publish(img, squashed, filepath.Join(root, bomFile))
}

// checkBoards reads a card as each board does, from copies in the directory work,
// which it makes.
func checkBoards(ctx context.Context, img, work string) ([]boards.Row, error) {
	if err := os.Mkdir(work, 0o755); err != nil {
		return nil, err
	}
	boot, root := filepath.Join(work, "boot"), filepath.Join(work, "root")
	if err := card.UnpackBoot(ctx, img, boot); err != nil {
		return nil, err
	}
	if err := card.UnpackRoot(ctx, img, root, "lib"); err != nil {
		return nil, err
	}
	bootRoot, err := os.OpenRoot(boot)
	if err != nil {
		return nil, err
	}
	defer bootRoot.Close()
	rootRoot, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer rootRoot.Close()
	return boards.Image{Boot: bootRoot.FS(), Root: rootRoot.FS()}.Check()
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
