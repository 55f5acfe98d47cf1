// Package boards has the Raspberry Pis that a card starts on, and what each wants
// of it. [Image.Check] reads an image as these boards do: their loader, the device
// tree that it takes, and the radio's driver, which derives the names of its files
// from that tree. None of it needs a board.
package boards

// Board is a model, or one of its kinds, where kinds want different files.
type Board struct {
	Name   string
	Loader []string // files that its boot ROM and loader read before the kernel; those of a Pi 5 are in its ROM
	Trees  []string // device trees that the loader takes, by what the board is put on

	// Overlays are files that the loader looks into by itself, without a line
	// in config.txt.
	Overlays []string

	Compatible string // the first word of the trees' compatible: files are named after it
	LED        LED    // the one whose label is ACT
	Pins       string // label of the chip that the header's GPIO lines belong to
	Radios     []Radio
}

// LED is what a device tree says of a board's LED.
type LED string

const (
	High LED = "lit by high"
	Low  LED = "lit by low"
	None LED = "none" // the tree has it switched off: the board has no such LED
)

// Radio is a chip with its driver brcmfmac.
type Radio struct {
	Chip  string // as the driver's log calls it
	Files string // what the names of its files begin with, see brcmf_sdio_fwnames in the driver's sdio.c

	// Brought says that the image has files for it only if whoever builds it
	// brings them: no package of Debian's has any.
	Brought bool
}

var (
	bcm43430 = Radio{Chip: "BCM43430/1", Files: "brcmfmac43430-sdio"}
	bcm43436 = Radio{Chip: "BCM43430/2", Files: "brcmfmac43430b0-sdio", Brought: true}
	bcm43455 = Radio{Chip: "BCM4345/6", Files: "brcmfmac43455-sdio"}
	bcm43456 = Radio{Chip: "BCM4345/9", Files: "brcmfmac43456-sdio"}
)

var (
	loader3 = []string{"bootcode.bin", "start.elf", "fixup.dat"}
	loader4 = []string{"start4.elf", "fixup4.dat"}

	overlays  = []string{"overlays/overlay_map.dtb"}
	overlays5 = []string{"overlays/overlay_map.dtb", "overlays/bcm2712d0.dtbo"}
)

// All are the boards that an image must be complete for. Which tree is whose is in
// Raspberry Pi's documentation, "Device Trees"; which radio, in the board's
// product brief: a Pi 400 and a CM4 have one of two.
var All = []Board{
	{
		// Its tree of its own is for the upstream kernel only.
		Name: "3A+", Loader: loader3, Overlays: overlays, Trees: []string{"bcm2710-rpi-3-b-plus.dtb"},
		Compatible: "raspberrypi,3-model-b-plus", LED: High, Pins: "pinctrl-bcm2835", Radios: []Radio{bcm43455},
	}, {
		Name: "3B", Loader: loader3, Overlays: overlays, Trees: []string{"bcm2710-rpi-3-b.dtb"},
		Compatible: "raspberrypi,3-model-b", LED: High, Pins: "pinctrl-bcm2835", Radios: []Radio{bcm43430},
	}, {
		Name: "3B+", Loader: loader3, Overlays: overlays, Trees: []string{"bcm2710-rpi-3-b-plus.dtb"},
		Compatible: "raspberrypi,3-model-b-plus", LED: High, Pins: "pinctrl-bcm2835", Radios: []Radio{bcm43455},
	}, {
		Name: "4", Loader: loader4, Overlays: overlays, Trees: []string{"bcm2711-rpi-4-b.dtb"},
		Compatible: "raspberrypi,4-model-b", LED: High, Pins: "pinctrl-bcm2711", Radios: []Radio{bcm43455},
	}, {
		Name: "400", Loader: loader4, Overlays: overlays, Trees: []string{"bcm2711-rpi-400.dtb"},
		Compatible: "raspberrypi,400", LED: None, Pins: "pinctrl-bcm2711", Radios: []Radio{bcm43456, bcm43455},
	}, {
		Name: "CM4", Loader: loader4, Overlays: overlays, Trees: []string{"bcm2711-rpi-cm4.dtb"},
		Compatible: "raspberrypi,4-compute-module", LED: High, Pins: "pinctrl-bcm2711", Radios: []Radio{bcm43455, bcm43456},
	}, {
		Name: "5 (C1)", Overlays: overlays, Trees: []string{"bcm2712-rpi-5-b.dtb"},
		Compatible: "raspberrypi,5-model-b", LED: Low, Pins: "pinctrl-rp1", Radios: []Radio{bcm43455},
	}, {
		// A ROM that knows no tree of the D0 takes the C1's, and the overlay.
		Name: "5 (D0)", Overlays: overlays5, Trees: []string{"bcm2712d0-rpi-5-b.dtb"},
		Compatible: "raspberrypi,5-model-b", LED: Low, Pins: "pinctrl-rp1", Radios: []Radio{bcm43455},
	}, {
		Name: "500", Overlays: overlays5, Trees: []string{"bcm2712-rpi-500.dtb"},
		Compatible: "raspberrypi,500", LED: Low, Pins: "pinctrl-rp1", Radios: []Radio{bcm43455},
	}, {
		Name: "CM5", Overlays: overlays5,
		Trees: []string{
			"bcm2712-rpi-cm5-cm5io.dtb", "bcm2712-rpi-cm5-cm4io.dtb",
			"bcm2712-rpi-cm5l-cm5io.dtb", "bcm2712-rpi-cm5l-cm4io.dtb", // without eMMC
		},
		Compatible: "raspberrypi,5-compute-module", LED: Low, Pins: "pinctrl-rp1", Radios: []Radio{bcm43455},
	}, {
		// Nobody sees from outside which of the two radios it has: the
		// driver's log tells.
		Name: "Zero 2 W", Loader: loader3, Overlays: overlays, Trees: []string{"bcm2710-rpi-zero-2-w.dtb"},
		Compatible: "raspberrypi,model-zero-2-w", LED: Low, Pins: "pinctrl-bcm2835", Radios: []Radio{bcm43430, bcm43436},
	},
}
