package mend

import (
	"io/fs"
	"os"
	"syscall"
)

// ownAs gives f to whom another file belongs.
func ownAs(f *os.File, other fs.FileInfo) error {
	st, ok := other.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return f.Chown(int(st.Uid), int(st.Gid))
}
