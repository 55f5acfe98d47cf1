// Package qemu10 brings a QEMU that plays a Pi 4: its machine raspi4b came with
// QEMU 9. Where the installed one has it, that is it. Elsewhere Debian trixie's, 10,
// is unpacked beside it with its own libraries; nothing is installed.
package qemu10

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"warren/appliance/image/debian"
	"warren/appliance/image/seal"
)

// lock pins what comes from Debian.
//
//go:embed packages.lock
var lock []byte

// source is what the folder is made by.
//
//go:embed qemu10.go
var source []byte

const (
	program = "qemu-system-aarch64"
	machine = "raspi4b"
	arch    = "amd64"
)

// Command returns the program and its first arguments. cache is a folder that keeps
// what was fetched, such as that of the image's builder.
func Command(ctx context.Context, cache string) ([]string, error) {
	installed := []string{program}
	if plays(ctx, installed) == nil {
		return installed, nil
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != arch {
		return nil, fmt.Errorf("the installed QEMU has no machine %s: install QEMU 9 or newer; there is one to be fetched for Linux on %s only", machine, arch)
	}
	dir, err := unpacked(ctx, cache)
	if err != nil {
		return nil, err
	}
	lib := filepath.Join(dir, "lib")
	command := []string{filepath.Join(lib, "ld-linux-x86-64.so.2"), "--library-path", lib, filepath.Join(dir, "bin", program)}
	return command, plays(ctx, command)
}

// plays returns an error if a QEMU has no Pi 4.
func plays(ctx context.Context, command []string) error {
	args := append(command[1:len(command):len(command)], "-machine", "help")
	out, err := exec.CommandContext(ctx, command[0], args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, out)
	}
	if !strings.Contains(string(out), "\n"+machine+" ") {
		return fmt.Errorf("%s has no machine %s", strings.Join(command, " "), machine)
	}
	return nil
}

// unpacked returns the folder with bin/ and lib/, which it makes if it is not there.
func unpacked(ctx context.Context, cache string) (string, error) {
	pins, err := debian.ParseLockFor(arch, lock)
	if err != nil {
		return "", fmt.Errorf("packages.lock: %w", err)
	}
	return debian.Made{Name: "qemu", Pins: pins, From: request(cache), Source: source, Make: stagePrograms, Report: os.Stderr}.Folder(ctx)
}

// stagePrograms fills the folder from an unpacked tree.
func stagePrograms(tree, stage string) error {
	if err := seal.HostPrograms(seal.Tree(tree), stage, "usr/bin/"+program); err != nil {
		return err
	}
	// Debian's loader is not executable by itself.
	return os.Chmod(filepath.Join(stage, "lib/ld-linux-x86-64.so.2"), 0o755)
}

// request says where the packages come from, as that of the package air.
func request(cache string) debian.Request {
	return debian.Request{Cache: cache, Apt: filepath.Join(cache, "qemu-apt"), Arch: arch, Locked: os.Getenv("WARREN_AIR_LOCKED") != ""}
}
