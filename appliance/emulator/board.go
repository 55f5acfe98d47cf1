package emulator

import (
	"fmt"
	"slices"
)

// Board is what a machine is.
type Board string

const (
	// Virt is a board of no maker, on which the Pi's kernel runs too: fast, with
	// a power button, a clock that is right, and a disk that caches what is
	// written to it; without radio, LED and pins. Its cores are those of a Pi 3
	// and Zero 2 W, the oldest: what runs on them runs on those of a Pi 4 and 5.
	Virt Board = "virt"

	// Raspi3B is a Pi 3B with its pins and an SD card, which has no cache. Its
	// network is slow, 0.1 MB/s; it has no radio, it cannot restart itself, and
	// its LEDs are not there.
	Raspi3B Board = "raspi3b"

	// Raspi3AP is a Pi 3A+, otherwise as Raspi3B, with the memory that a Zero
	// 2 W has, too: 512 MB.
	Raspi3AP Board = "raspi3ap"

	// Raspi4B is a Pi 4 with its pins and an SD card. It has no network: QEMU
	// plays neither its Ethernet nor its PCIe. It needs QEMU 9 (Options.QEMU).
	Raspi4B Board = "raspi4b"
)

// board is how QEMU plays a Board.
type board struct {
	machine []string
	disk    []string // the disk "card"
	net     string   // the network card
	args    string   // further words for the kernel
	tree    string   // of the card, the device tree
	own     bool     // the kernel gets a device tree of QEMU's; of the other it gets the boot arguments
	memory  int      // in MiB
	through bool     // the disk has no write cache
}

var boards = map[Board]*board{
	Virt: {
		machine: []string{"-M", "virt", "-cpu", "cortex-a53", "-smp", "2"},
		disk:    []string{"if=none,id=card,cache=writeback", "-device", "virtio-blk-pci,drive=card"},
		net:     "virtio-net-pci,romfile=", // nothing boots from the network, and its ROM is in a package of its own
		args:    "console=ttyAMA0,115200",
		tree:    "bcm2711-rpi-4-b.dtb",
		own:     true,
		memory:  1024, // what a Pi 3B+ has
	},
	// QEMU's watchdog of the Pi resets the machine as soon as it is opened, so
	// the kernel must not find it. Of the bridges that the driver of the power
	// domains looks at QEMU has nothing; where memory does not reach that far, the
	// kernel would die of it. A network card whose address is of the local
	// kind (QEMU's own) would be usb0, and gokrazy waits for eth0.
	Raspi3B:  raspi("raspi3b", "bcm2710-rpi-3-b.dtb", 1024),
	Raspi3AP: raspi("raspi3ap", "bcm2710-rpi-3-b-plus.dtb", 512),
	Raspi4B:  raspi("raspi4b", "bcm2711-rpi-4-b.dtb", 2048),
}

func raspi(machine, tree string, memory int) *board {
	return &board{
		machine: []string{"-M", machine, "-smp", "4"},
		disk:    []string{"if=sd"},
		net:     "usb-net,mac=50:54:00:12:34:57",
		args:    "console=ttyAMA1,115200 initcall_blacklist=bcm2835_wdt_driver_init,bcm2835_power_driver_init",
		tree:    tree,
		memory:  memory,
		through: true,
	}
}

// Machine returns the words that make QEMU this board.
func (b Board) Machine() []string {
	return append(slices.Clone(boards[b].machine), "-m", fmt.Sprint(boards[b].memory))
}
