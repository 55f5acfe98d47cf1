package framebuffer

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Of linux/kd.h: whether the kernel draws its console on the screen.
const (
	setMode  = 0x4B3A
	text     = 0
	graphics = 1
)

// Text gives the screen to the kernel's console on the terminal at path, such as
// /dev/tty1: its messages and its cursor. Only root may.
func Text(path string) error { return console(path, text) }

// Graphics takes the screen from the kernel's console: nothing is drawn there
// until Text. Only root may.
func Graphics(path string) error { return console(path, graphics) }

func console(path string, mode int) error {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.IoctlSetInt(int(f.Fd()), setMode, mode); err != nil {
		return fmt.Errorf("set the mode of %s: %w", path, err)
	}
	return nil
}
