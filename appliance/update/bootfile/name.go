package bootfile

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// Attributes of directory entries: 0x08 is the volume's label, 0x10 a folder.
// All of the lower four bits make the entry a part of a long name.
const (
	notAFile = 0x08 | 0x10
	longName = 0x0f
)

// findEntry returns the entry of a file in a directory (Microsoft's FAT
// specification, 6 and 7), or nil. A name such as HOST-CODE.TXT, which is longer
// than eight characters and three, stands in entries of its own before that of the
// file.
func findEntry(directory []byte, name string) []byte {
	var long string
	var sum byte // of the short name that the long one belongs to
	for ; len(directory) >= 32 && directory[0] != 0; directory = directory[32:] {
		entry := directory[:32]
		if entry[11]&0x3f == longName {
			if entry[0]&0x40 != 0 { // the last part comes first
				long, sum = "", entry[13]
			}
			if entry[13] != sum {
				long = ""
				continue
			}
			long = longPart(entry) + long
			continue
		}
		isLong := long != "" && checksum(entry[:11]) == sum && strings.EqualFold(long, name)
		long = ""
		if entry[11]&notAFile == 0 && (isLong || string(entry[:11]) == shortName(name)) {
			return entry
		}
	}
	return nil
}

// longPart returns the 13 characters, or fewer, that an entry has of a long name.
func longPart(entry []byte) string {
	var units []uint16
	for _, at := range []int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
		unit := binary.LittleEndian.Uint16(entry[at:])
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	return string(utf16.Decode(units))
}

// checksum returns that of a short name, which each part of its long name has.
func checksum(short []byte) byte {
	var sum byte
	for _, c := range short {
		sum = sum>>1 | sum<<7
		sum += c
	}
	return sum
}

// shortName returns a name as a directory has it: eight characters and three,
// filled with spaces; or "" if it is longer.
func shortName(name string) string {
	base, ext, _ := strings.Cut(strings.ToUpper(name), ".")
	if base == "" || len(base) > 8 || len(ext) > 3 || strings.Contains(ext, ".") {
		return ""
	}
	return base + strings.Repeat(" ", 8-len(base)) + ext + strings.Repeat(" ", 3-len(ext))
}
