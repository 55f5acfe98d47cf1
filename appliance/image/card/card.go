// Package card makes the card: gokrazy's half of it, the root file system with
// Debian's half added, the boot partition that people can write to, and the
// partition for data; and it checks what it made.
package card

const sector = 512

// Size is the size of the image: it fits on every card of 4 GB or more, and is a
// power of two because QEMU wants that of an SD card.
const Size = 2 << 30
