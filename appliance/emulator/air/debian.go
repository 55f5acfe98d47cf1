package air

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"warren/appliance/image/debian"
	"warren/appliance/image/seal"
)

// lock pins what comes from Debian.
//
//go:embed packages.lock
var lock []byte

// The parts are made by these two.
var (
	//go:embed debian.go
	debianSource []byte
	//go:embed modules.go
	modulesSource []byte
)

// phonesTools are the programs of Debian's that a phone is made of.
var phonesTools = []string{"usr/sbin/wpa_supplicant"}

// parts is a directory with what comes from Debian: the kernel vmlinuz, the
// folder modules with those that are wanted, and phone/ with bin/ and lib/.
type parts string

// debianParts returns the parts, from the cache if they are there: a folder that
// the image's builder uses, too.
func debianParts(ctx context.Context, cache string) (parts, error) {
	if _, err := exec.LookPath("xz"); err != nil {
		return "", errors.New("xz is missing, which unpacks kernel modules: on Debian and Ubuntu, apt-get install xz-utils")
	}
	pins, err := debian.ParseLock(lock)
	if err != nil {
		return "", fmt.Errorf("packages.lock: %w", err)
	}
	dir, err := debian.Made{
		Name: "air", Pins: pins, From: request(cache), Source: slices.Concat(debianSource, modulesSource), Report: os.Stderr,
		Make: func(tree, stage string) error { return stageParts(ctx, tree, stage) },
	}.Folder(ctx)
	return parts(dir), err
}

// stageParts fills the directory of parts from an unpacked tree.
func stageParts(ctx context.Context, tree, stage string) error {
	if err := os.MkdirAll(stage, 0o755); err != nil {
		return err
	}
	kernels, err := filepath.Glob(filepath.Join(tree, "boot/vmlinuz-*"))
	if err != nil {
		return err
	}
	if len(kernels) != 1 {
		return fmt.Errorf("the packages have %d kernels: want one", len(kernels))
	}
	if err := os.Rename(kernels[0], filepath.Join(stage, "vmlinuz")); err != nil {
		return err
	}
	if err := stageModules(ctx, tree, filepath.Join(stage, "modules")); err != nil {
		return err
	}
	return seal.Programs(seal.Tree(tree), filepath.Join(stage, "phone"), phonesTools...)
}

// request says where the packages come from: as the image's builder says it, from
// the same store. WARREN_AIR_LOCKED=yes is its -locked.
func request(cache string) debian.Request {
	return debian.Request{Cache: cache, Apt: filepath.Join(cache, "air-apt"), Locked: os.Getenv("WARREN_AIR_LOCKED") != ""}
}
