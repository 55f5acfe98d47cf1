package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// needed are files without which a system could not prove itself, or be updated
// again.
var needed = []string{"gokrazy/init", "user/broker", "user/chatd", "user/setup", "user/update"}

// check looks at the root file system of that length on a partition: whether
// this kernel can start it, and what it says it is.
func check(ctx context.Context, partition string, length int64) (version string, err error) {
	if err := checkSquashfs(partition, length); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "warren-update-")
	if err != nil {
		return "", fmt.Errorf("make a place to look at what came: %w", err)
	}
	defer os.Remove(dir)
	if err := unix.Mount(partition, dir, "squashfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, ""); err != nil {
		return "", fmt.Errorf("%w: it cannot be mounted: %w", errOther, err)
	}
	defer func() {
		if unmountErr := unix.Unmount(dir, 0); unmountErr != nil {
			err = errors.Join(err, fmt.Errorf("stop looking at what came: %w", unmountErr))
		}
	}()
	return checkTree(ctx, dir)
}

// checkSquashfs looks whether all of a squashfs has come. The fields are in
// Documentation/filesystems/squashfs.rst.
func checkSquashfs(partition string, length int64) error {
	f, err := os.Open(partition)
	if err != nil {
		return fmt.Errorf("open the other root partition: %w", err)
	}
	defer f.Close()
	super := make([]byte, 96)
	if _, err := io.ReadFull(f, super); err != nil {
		return fmt.Errorf("read the other root partition: %w", err)
	}
	used := binary.LittleEndian.Uint64(super[40:])
	switch {
	case string(super[:4]) != "hsqs":
		return fmt.Errorf("%w: it is no squashfs. `make image` leaves the right file beside the image, as warren.img.root", errOther)
	case used > uint64(length):
		return fmt.Errorf("%w: it has %d bytes, and %d are missing", errOther, length, used-uint64(length))
	}
	return nil
}

// checkTree is check of a root file system that is mounted at dir.
func checkTree(ctx context.Context, dir string) (version string, err error) {
	for _, name := range needed {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			return "", fmt.Errorf("%w: it is no system of Warren's: it has no /%s", errOther, name)
		}
	}
	release, err := kernelRelease()
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(filepath.Join(dir, "lib/modules", release)); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%w: it is for another kernel than %s, which is not part of an update: flash the card anew. "+
			"To keep the settings, copy warren.toml from the card before, and back after; what was said is not kept", errOther, release)
	}
	// Asked for its version, its own update daemon also shows that its
	// programs run on this machine.
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "user/update"), "-version")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: its programs do not run here: %w", errOther, err)
	}
	version, _ = strings.CutPrefix(strings.TrimSpace(string(out)), "update ")
	return version[:min(len(version), 100)], nil
}

// kernelRelease returns the release of the running kernel, such as 6.12.47-v8.
func kernelRelease() (string, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", os.NewSyscallError("uname", err)
	}
	return unix.ByteSliceToString(u.Release[:]), nil
}
