package seal

import (
	"context"
	"strconv"
	"time"

	"warren/appliance/image/tool"
)

// Squash makes a squashfs file of a directory. The kernel of the Pi reads zlib
// and no other compression, and no extended attributes. The file depends on
// nothing but names, modes and contents: everything is root's and of time at.
func Squash(ctx context.Context, dir, file string, at time.Time) error {
	seconds := strconv.FormatInt(at.Unix(), 10)
	_, err := tool.Run(ctx, "mksquashfs", dir, file,
		"-noappend", "-comp", "gzip", "-all-root", "-no-xattrs", "-no-progress", "-quiet",
		"-mkfs-time", seconds, "-all-time", seconds)
	return err
}
