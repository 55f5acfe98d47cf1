// Package sealed mounts a squashfs file: read-only, without devices and without
// programs that gain rights by being run.
package sealed

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Mount mounts the squashfs file image at dir, which is made if missing. If
// something is mounted there already it is found and used: a daemon that is
// started again finds what it mounted before. The loop device goes away with
// the mount.
func Mount(image, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make a place for %s: %w", image, err)
	}
	if mounted, err := Mounted(dir); err != nil || mounted {
		return err
	}
	file, err := os.Open(image)
	if err != nil {
		return fmt.Errorf("%w: is this the image that was built?", err)
	}
	defer file.Close() // the loop device has its own
	loop, err := attach(file)
	if err != nil {
		return fmt.Errorf("make %s a disk: %w", image, err)
	}
	defer loop.Close()
	if err := unix.Mount(loop.Name(), dir, "squashfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, ""); err != nil {
		return fmt.Errorf("mount %s: %w: is it a squashfs with zlib?", image, err)
	}
	return nil
}

// Mounted reports whether something is mounted at dir.
func Mounted(dir string) (bool, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false, fmt.Errorf("see what is mounted: %w", err)
	}
	return listed(string(table), dir), nil
}

// listed looks dir up in a table as of proc_pid_mountinfo(5).
func listed(table, dir string) bool {
	// Spaces and the like are written as in C.
	quoted := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`).Replace(dir)
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 4 && f[4] == quoted {
			return true
		}
	}
	return false
}

// attach makes a file a read-only loop device that goes away with its last
// user, see loop(4). The device is to be closed when it is mounted.
func attach(file *os.File) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	// Between finding a free device and taking it another process may take it.
	for range 10 {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, os.NewSyscallError("LOOP_CTL_GET_FREE", err)
		}
		loop, err := os.Open(fmt.Sprintf("/dev/loop%d", n))
		if err != nil {
			return nil, err
		}
		config := unix.LoopConfig{Fd: uint32(file.Fd())}
		config.Info.Flags = unix.LO_FLAGS_READ_ONLY | unix.LO_FLAGS_AUTOCLEAR
		err = unix.IoctlLoopConfigure(int(loop.Fd()), &config)
		if err == nil {
			return loop, nil
		}
		loop.Close()
		if !errors.Is(err, unix.EBUSY) {
			return nil, os.NewSyscallError("LOOP_CONFIGURE", err)
		}
	}
	return nil, errors.New("no loop device stays free for long enough")
}
