package air

import (
	"fmt"
	"io"
	"path"
	"strings"
)

// cpio writes an archive that the kernel unpacks as its first file system: the
// "newc" format of the kernel's "initramfs buffer format". All is root's.
type cpio struct {
	w     io.Writer
	inode int
	made  map[string]bool // folders
	err   error
}

// Types of a file, in its mode: inode(7).
const (
	cpioFile = 0o100000
	cpioDir  = 0o040000
	cpioChar = 0o020000
)

// file adds a file with that name below the root, and the folders that lead to
// it.
func (c *cpio) file(name string, perm int, content []byte) {
	c.dirs(path.Dir(name))
	c.entry(name, cpioFile|perm, 0, 0, content)
}

// device adds a character device.
func (c *cpio) device(name string, major, minor int) {
	c.dirs(path.Dir(name))
	c.entry(name, cpioChar|0o600, major, minor, nil)
}

func (c *cpio) dirs(dir string) {
	if dir == "." || c.made[dir] {
		return
	}
	c.dirs(path.Dir(dir))
	c.made[dir] = true
	c.entry(dir, cpioDir|0o755, 0, 0, nil)
}

func (c *cpio) entry(name string, mode, major, minor int, content []byte) {
	c.inode++
	header := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		c.inode, mode, 0, 0, 1, 0, len(content), 0, 0, major, minor, len(name)+1, 0, name)
	c.write([]byte(header))
	c.write(content)
}

// write writes something, and zeroes up to a multiple of four bytes.
func (c *cpio) write(p []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(p)
	}
	if rest := len(p) % 4; rest != 0 && c.err == nil {
		_, c.err = io.WriteString(c.w, strings.Repeat("\x00", 4-rest))
	}
}

// close ends the archive, and returns what went wrong.
func (c *cpio) close() error {
	c.entry("TRAILER!!!", 0, 0, 0, nil)
	return c.err
}
