// Board is a whole system that says on its console what the kernel has found, and
// switches the machine off. See TestBoards.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"
)

func main() {
	must(syscall.Mount("none", "/proc", "proc", 0, ""))
	must(syscall.Mount("none", "/sys", "sysfs", 0, ""))
	must(syscall.Mount("none", "/sys/fs/cgroup", "cgroup2", 0, ""))
	say("model", text("/proc/device-tree/model"))
	say("arguments", text("/proc/cmdline"))
	say("cgroups", text("/sys/fs/cgroup/cgroup.controllers"))
	say("cores", text("/sys/devices/system/cpu/online"))
	say("LEDs", names("/sys/class/leds/*"))
	say("network", names("/sys/class/net/*"))
	chips, err := filepath.Glob("/dev/gpiochip*")
	must(err)
	for _, chip := range chips {
		say("pins", lines(chip))
	}
	fmt.Println("that is all")
	must(syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF))
}

func say(what, found string) { fmt.Printf("board: %s: %s.\n", what, found) }

// text returns a file of the kernel's, or why there is none.
func text(file string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return strings.TrimRight(string(content), "\x00\n ")
}

func names(pattern string) string {
	found, err := filepath.Glob(pattern)
	must(err)
	for i, path := range found {
		found[i] = filepath.Base(path)
	}
	return strings.Join(found, " ")
}

// lines returns the label of a chip of GPIO lines, and the names of some of them,
// as ledstatus asks for them (include/uapi/linux/gpio.h).
func lines(chip string) string {
	f, err := os.Open(chip)
	must(err)
	defer f.Close()
	var info struct {
		name, label [32]byte
		lines       uint32
	}
	const getChip, getLine = 0x8044b401, 0xc100b405
	ioctl(f, getChip, unsafe.Pointer(&info))
	found := cString(info.label[:])
	for _, n := range []uint32{0, 1, 2, 17, 27} {
		var line struct {
			name, consumer [32]byte
			offset         uint32
			rest           [256 - 68]byte
		}
		if n >= info.lines {
			break
		}
		line.offset = n
		ioctl(f, getLine, unsafe.Pointer(&line))
		found += fmt.Sprintf(" %d=%s", n, cString(line.name[:]))
	}
	return found
}

func cString(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}

func ioctl(f *os.File, request uintptr, at unsafe.Pointer) {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(at)); errno != 0 {
		panic(errno)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
