package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// LoadBoot is Load of the file on the boot partition of the card: device, such
// as /dev/mmcblk0p1, or BootDevice if that is empty. The notes are sentences about
// other files there, for the host; they are no mistakes. It must run as root.
//
// Where there is no FileName, but one with .txt behind it, as Windows hides that, it
// is read instead.
func LoadBoot(device, lastGood string) (s Settings, mistakes []Mistake, notes []string) {
	found, err := readBoot(device)
	s, mistakes = load(found.settings, err, lastGood)
	if err == nil && found.other {
		mistakes = bounded(append(mistakes, otherFile))
	}
	return s, mistakes, found.notes
}

// readBoot returns what there is on the boot partition. It is mounted read-only in a
// directory of its own for the moment of reading, and not kept, because an update
// writes to its blocks. The error is fs.ErrNotExist if and only if the partition has
// no such file.
func readBoot(device string) (bootFiles, error) {
	if device == "" {
		var err error
		if device, err = BootDevice(); err != nil {
			return bootFiles{}, err
		}
	}
	return readMounted(device, mountFAT)
}

// BootDevice returns the boot partition of the running system: partition 1 of
// the disk whose other partition is mounted as /. It needs neither udev, which a
// Pi with gokrazy has not, nor the root= of the kernel's command line, whose
// PARTUUID is another one on each image.
func BootDevice() (string, error) { return bootDevice("/") }

// bootDevice is BootDevice of a machine whose /proc and /sys are below root.
func bootDevice(root string) (string, error) {
	devices, _, err := partitions(root)
	if err != nil {
		return "", fmt.Errorf("the boot partition cannot be found: %v", err)
	}
	if devices["1"] == "" {
		return "", errors.New("the boot partition cannot be found: the card has no partition 1")
	}
	return devices["1"], nil
}

// Partitions returns the devices of the partitions of the card that the system
// runs from, such as /dev/mmcblk0p2, each under its number, such as "2", and the
// number of the one that is mounted as /.
func Partitions() (devices map[string]string, running string, err error) { return partitions("/") }

// partitions is Partitions of a machine whose /proc and /sys are below root.
func partitions(root string) (devices map[string]string, running string, err error) {
	number, err := rootDevice(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return nil, "", err
	}
	// Documentation/admin-guide/sysfs-rules.rst: a link to the device, which
	// is a directory; that of a partition stands in that of its disk.
	partition, err := filepath.EvalSymlinks(filepath.Join(root, "sys/dev/block", number))
	if err != nil {
		return nil, "", err
	}
	if running = partitionNumber(partition); running == "" {
		return nil, "", fmt.Errorf("/ is on %s, which is no partition", filepath.Base(partition))
	}
	disk := filepath.Dir(partition)
	entries, err := os.ReadDir(disk)
	if err != nil {
		return nil, "", err
	}
	devices = map[string]string{}
	for _, e := range entries {
		if n := partitionNumber(filepath.Join(disk, e.Name())); n != "" {
			devices[n] = "/dev/" + e.Name() // devtmpfs has the kernel's own names
		}
	}
	return devices, running, nil
}

// partitionNumber returns the number of the partition with that directory, or
// nothing if it is none.
func partitionNumber(dir string) string {
	number, err := os.ReadFile(filepath.Join(dir, "partition"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(number))
}

// rootDevice returns the number, such as 179:2, of the device mounted as /. The
// fields of mountinfo are in proc_pid_mountinfo(5). Of several mounts in one
// place the last one is seen.
func rootDevice(mountinfo string) (string, error) {
	data, err := os.ReadFile(mountinfo)
	if err != nil {
		return "", err
	}
	number := ""
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 4 && f[4] == "/" {
			number = f[2]
		}
	}
	if number == "" {
		return "", errors.New("nothing is mounted as /")
	}
	return number, nil
}

// readMounted reads the files on a device while it is mounted.
func readMounted(device string, mount func(device, dir string) (unmount func() error, err error)) (found bootFiles, err error) {
	dir, err := os.MkdirTemp("", "warren-boot-")
	if err != nil {
		return found, err
	}
	defer os.Remove(dir)
	unmount, err := mount(device, dir)
	if err != nil {
		return found, fmt.Errorf("mount %s: %v", device, err)
	}
	// What was read is good, whatever becomes of the mount.
	defer unmount()
	return readBootFiles(dir)
}

// WriteBoot writes a file of the boot partition device, whatever it was before,
// and returns when the card has it. The partition is mounted for that moment, and
// a power cut in it may leave the file empty: for files that change once in a
// card's life. Others are overwritten in place (see package bootfile).
func WriteBoot(device, name string, content []byte) (err error) {
	dir, err := os.MkdirTemp("", "warren-boot-")
	if err != nil {
		return err
	}
	defer os.Remove(dir)
	if err := unix.Mount(device, dir, "vfat", mountFlags, ""); err != nil {
		return fmt.Errorf("mount %s: %v", device, err)
	}
	defer func() { err = errors.Join(err, unix.Unmount(dir, 0)) }()
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

const mountFlags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

// mountFAT mounts a FAT file system. Nothing on it is believed: anybody with a
// laptop writes to it. There are no options, because kernel.rpi has only its
// default character set.
func mountFAT(device, dir string) (unmount func() error, err error) {
	if err := unix.Mount(device, dir, "vfat", mountFlags|unix.MS_RDONLY, ""); err != nil {
		return nil, err
	}
	// Detached: it goes away also while somebody looks into it.
	return func() error { return unix.Unmount(dir, unix.MNT_DETACH) }, nil
}
