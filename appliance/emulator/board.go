package emulator

import "slices"

// Board is what a machine is.
type Board string

const (
	// Virt is a board of no maker, on which the Pi's kernel runs too: fast, with
	// a power button, a clock that is right, and a disk that caches what is
	// written to it; without radio, LED and pins.
	Virt Board = "virt"

	// Raspi3B is a Pi 3B with its pins and an SD card, which has no cache. Its
	// network is slow, 0.1 MB/s; it has no radio, it cannot restart itself, and
	// its LEDs are not there.
	Raspi3B Board = "raspi3b"
)

// board is how QEMU plays a Board.
type board struct {
	machine []string
	disk    []string // the disk "card"
	net     string   // the network card
	args    string   // further words for the kernel
	dtb     string   // of the card, the device tree; "": QEMU makes one
	through bool     // the disk has no write cache
}

var boards = map[Board]*board{
	Virt: {
		machine: []string{"-M", "virt", "-cpu", "cortex-a72", "-smp", "2"},
		disk:    []string{"if=none,id=card,cache=writeback", "-device", "virtio-blk-pci,drive=card"},
		net:     "virtio-net-pci,romfile=", // nothing boots from the network, and its ROM is in a package of its own
		args:    "console=ttyAMA0,115200",
	},
	// QEMU's watchdog of the Pi resets the machine as soon as it is opened, so
	// the kernel must not find it. A network card whose address is of the local
	// kind (QEMU's own) would be usb0, and gokrazy waits for eth0.
	Raspi3B: {
		machine: []string{"-M", "raspi3b", "-smp", "4"},
		disk:    []string{"if=sd"},
		net:     "usb-net,mac=50:54:00:12:34:57",
		args:    "console=ttyAMA1,115200 initcall_blacklist=bcm2835_wdt_driver_init",
		dtb:     "bcm2710-rpi-3-b.dtb",
		through: true,
	},
}

// Machine returns the words that make QEMU this board.
func (b Board) Machine() []string { return slices.Clone(boards[b].machine) }
