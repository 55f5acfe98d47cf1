package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mount is where a file system is mounted.
type mount struct {
	device   string // the number of its device, such as 179:2
	readOnly bool
}

// mountOf returns what is mounted at a path of the machine below root, or nil. The
// fields of mountinfo are in proc_pid_mountinfo(5). Of several mounts in one place
// the last one is seen.
func mountOf(root, path string) (found *mount) {
	data, _ := os.ReadFile(filepath.Join(root, "proc/self/mountinfo")) // no proc, no mounts
	for text := range strings.Lines(string(data)) {
		f := strings.Fields(text)
		if len(f) < 10 || f[4] != path {
			continue
		}
		// A mount can be read-only, and so can the file system itself, which is what
		// the kernel makes it when it finds a fault.
		all := strings.Split(f[5]+","+f[len(f)-1], ",")
		found = &mount{device: f[2], readOnly: slices.Contains(all, "ro")}
	}
	return found
}

// diskOf returns the name of the disk that has the partition mounted as /, such as
// mmcblk0.
func diskOf(root string) (string, error) {
	m := mountOf(root, "/")
	if m == nil {
		return "", errors.New("nothing is mounted as /")
	}
	// Documentation/admin-guide/sysfs-rules.rst: a link to the device, which is a
	// directory; that of a partition stands in that of its disk.
	partition, err := filepath.EvalSymlinks(filepath.Join(root, "sys/dev/block", m.device))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(partition, "partition")); err != nil {
		return "", err
	}
	return filepath.Base(filepath.Dir(partition)), nil
}
