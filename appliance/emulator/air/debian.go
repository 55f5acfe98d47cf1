package air

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"warren/appliance/image/debian"
	"warren/appliance/image/seal"
)

// lock pins what comes from Debian.
//
//go:embed packages.lock
var lock []byte

// recipe is what the parts are made by.
//
//go:embed debian.go modules.go
var recipe embed.FS

// The kernel's package has its version in its name; meta is the one that always
// needs the newest.
const (
	meta         = "linux-image-arm64"
	kernelPrefix = "linux-image-6"
)

// phonesTools are the programs of Debian's that a phone is made of.
var phonesTools = []string{"usr/sbin/wpa_supplicant"}

// parts is a directory with what comes from Debian: the kernel vmlinuz, the
// folder modules with those that are wanted, and phone/ with bin/ and lib/.
type parts string

// debianParts returns the parts, from the cache if they are there: a folder that
// the image's builder uses, too. What is fetched is what the lock says.
func debianParts(ctx context.Context, cache string) (parts, error) {
	if _, err := exec.LookPath("xz"); err != nil {
		return "", errors.New("xz is missing, which unpacks kernel modules: on Debian and Ubuntu, apt-get install xz-utils")
	}
	packages, err := debian.ParseLock(lock)
	if err != nil {
		return "", fmt.Errorf("packages.lock: %w", err)
	}
	if names := debian.Unpinned(packages); len(names) > 0 {
		return "", fmt.Errorf("packages.lock has no version for %s: run again with -update-lock", strings.Join(names, ", "))
	}
	key := sha256.New()
	key.Write(lock)
	for _, name := range []string{"debian.go", "modules.go"} {
		source, err := recipe.ReadFile(name)
		if err != nil {
			return "", err
		}
		key.Write(source)
	}
	dir := filepath.Join(cache, "air-"+hex.EncodeToString(key.Sum(nil)[:8]))
	if _, err := os.Stat(dir); err == nil {
		return parts(dir), nil
	}
	store := debian.Store(filepath.Join(cache, "debs"))
	if lacking := store.Lacks(packages); len(lacking) > 0 {
		apt, err := machineApt(ctx, cache)
		if err != nil {
			return "", err
		}
		if err := store.Fetch(ctx, apt, lacking); err != nil {
			return "", err
		}
	}
	work, err := os.MkdirTemp(cache, "work-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	tree, stage := filepath.Join(work, "tree"), filepath.Join(work, "stage")
	if err := store.Unpack(ctx, packages, tree); err != nil {
		return "", err
	}
	if err := stageParts(ctx, tree, stage); err != nil {
		return "", err
	}
	old, err := filepath.Glob(filepath.Join(cache, "air-????????????????"))
	if err != nil {
		return "", err
	}
	for _, path := range old {
		if err := os.RemoveAll(path); err != nil {
			return "", err
		}
	}
	return parts(dir), os.Rename(stage, dir)
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

func machineApt(ctx context.Context, cache string) (*debian.Apt, error) {
	mirror, err := debian.MachineMirror(ctx)
	if err != nil {
		return nil, err
	}
	return debian.NewApt(ctx, filepath.Join(cache, "air-apt"), mirror)
}

// updateLock returns the lock with what the mirror has now.
func updateLock(ctx context.Context, cache string) ([]byte, error) {
	packages, err := debian.ParseLock(lock)
	if err != nil {
		return nil, err
	}
	apt, err := machineApt(ctx, cache)
	if err != nil {
		return nil, err
	}
	newest, err := apt.Newest(ctx, []string{meta})
	if err != nil {
		return nil, err
	}
	// 6.12.117-1 is in linux-image-6.12.117+deb13-arm64.
	upstream, _, _ := strings.Cut(newest[0].Version, "-")
	names := []string{"linux-image-" + upstream + "+deb13-arm64"}
	for _, p := range packages {
		if !strings.HasPrefix(p.Name, kernelPrefix) {
			names = append(names, p.Name)
		}
	}
	if newest, err = apt.Newest(ctx, names); err != nil {
		return nil, err
	}
	if len(newest) != len(names) {
		return nil, fmt.Errorf("apt knows %d of the %d packages", len(newest), len(names))
	}
	return debian.FormatLock(lock, newest), nil
}
