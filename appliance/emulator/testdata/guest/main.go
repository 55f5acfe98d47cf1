// Guest is a whole system: what it does at a boot depends on what it finds on
// the disk's last sectors and in its command line. See TestFirmware.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

const (
	disk   = "/dev/vda4"
	sector = 512
	many   = 1000 // sectors
)

func main() {
	must(syscall.Mount("none", "/proc", "proc", 0, ""))
	must(syscall.Mount("none", "/sys", "sysfs", 0, ""))
	line, err := os.ReadFile("/proc/cmdline")
	must(err)
	cache, err := os.ReadFile("/sys/block/vda/queue/write_cache")
	must(err)
	_, step, _ := strings.Cut(string(line), "step=")
	fmt.Printf("step %s, write cache %s", strings.Fields(step)[0], cache)

	f, err := os.OpenFile(disk, os.O_RDWR, 0)
	must(err)
	first := make([]byte, sector)
	_, err = f.ReadAt(first, 0)
	must(err)
	boots := first[0]
	fmt.Printf("boots before %d\n", boots)
	first[0]++
	_, err = f.WriteAt(first, 0)
	must(err)
	switch boots {
	case 0: // once with tryboot
		must(f.Sync())
		restart("0 tryboot")
	case 1: // it dies, and what it wrote was written through, but not flushed
		must(f.Sync())
		write(many, 'u')
		panic("the guest gives up")
	case 2:
		check(many, 'u')
		write(many, 'f')
		must(f.Sync())
		for i := range 20 { // the last of them stays unflushed
			write(2*many, byte('a'+i))
		}
		fmt.Println("ready for the cut")
		select {}
	default:
		check(many, 'f')
		must(syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF))
	}
}

// write fills many sectors from one on, past the kernel's cache.
func write(from int64, with byte) {
	f, err := os.OpenFile(disk, os.O_WRONLY|syscall.O_DIRECT, 0)
	must(err)
	page, err := syscall.Mmap(-1, 0, many*sector, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	must(err)
	copy(page, bytes.Repeat([]byte{with}, many*sector))
	_, err = f.WriteAt(page, from*sector)
	must(err)
}

func check(from int64, with byte) {
	f, err := os.Open(disk)
	must(err)
	have := make([]byte, many*sector)
	_, err = f.ReadAt(have, from*sector)
	must(err)
	fmt.Printf("of %c there are %d\n", with, bytes.Count(have, []byte{with})/sector)
}

// restart is reboot(2) with an argument for the firmware.
func restart(arg string) {
	text, err := syscall.BytePtrFromString(arg)
	must(err)
	_, _, errno := syscall.Syscall6(syscall.SYS_REBOOT, syscall.LINUX_REBOOT_MAGIC1, syscall.LINUX_REBOOT_MAGIC2,
		syscall.LINUX_REBOOT_CMD_RESTART2, uintptr(unsafe.Pointer(text)), 0, 0)
	panic(errno)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
