package flush

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// FileSystem returns a function that writes to the disk all that is unwritten
// in the file system of dir (syncfs(2)). Its error also tells of an earlier
// write that failed.
func FileSystem(dir string) func() error {
	return func() error {
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		defer d.Close()
		if err := unix.Syncfs(int(d.Fd())); err != nil {
			return fmt.Errorf("flush the file system of %s: %w", dir, err)
		}
		return nil
	}
}

// DiskSize returns the size of the file system of dir, in bytes.
func DiskSize(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", dir, err)
	}
	return st.Blocks * uint64(st.Frsize), nil
}
