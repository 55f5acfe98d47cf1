package fat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// label returns a name that is not one of a file's: the volume's, "." or "..".
func label(name string) [11]byte {
	short := [11]byte(bytes.Repeat([]byte(" "), 11))
	copy(short[:], name)
	return short
}

// shortName returns the short name of a file with that long name, of a directory
// that has the short names taken: eight characters and three, in capital letters. If
// the long name is more than that, it ends with ~ and a number.
func shortName(name string, taken map[[11]byte]bool) ([11]byte, error) {
	upper := strings.ToUpper(name)
	base, ext := upper, ""
	if i := strings.LastIndexByte(upper, '.'); i > 0 {
		base, ext = upper[:i], upper[i+1:]
	}
	cleanBase, cleanExt := plain(base), plain(ext)
	if cleanBase == "" {
		return [11]byte{}, errors.New("a FAT has no such name")
	}
	make := func(base string) (short [11]byte) {
		return [11]byte(fmt.Appendf(nil, "%-8.8s%-3.3s", base, cleanExt))
	}
	if cleanBase == base && cleanExt == ext && len(base) <= 8 && len(ext) <= 3 && !taken[make(base)] {
		return make(base), nil
	}
	for n := 1; n < 1e6; n++ {
		tail := fmt.Sprintf("~%d", n)
		short := make(cleanBase[:min(len(cleanBase), 8-len(tail))] + tail)
		if !taken[short] {
			return short, nil
		}
	}
	return [11]byte{}, errors.New("there are too many files of this kind")
}

// plain returns a name with what a short name may have.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '.' || r == ' ':
			return -1
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("$%'-_@~`!(){}^#&", r):
			return r
		}
		return '_'
	}, name)
}

// perEntry is how many UTF-16 units of a long name an entry has.
const perEntry = len(unitAt)

// unitAt is where they are.
var unitAt = [...]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30}

// longEntries returns how many entries a long name takes.
func longEntries(name string) int {
	return (len(utf16.Encode([]rune(name))) + perEntry - 1) / perEntry
}

// longName returns the entries of a long name, which come before that of the short
// one: the last part first.
func longName(name string, short [11]byte) (b []byte) {
	units := utf16.Encode([]rune(name))
	n := longEntries(name)
	if len(units) < n*perEntry {
		units = append(units, 0)
	}
	for len(units) < n*perEntry {
		units = append(units, 0xffff)
	}
	for i := n; i > 0; i-- {
		e := make([]byte, entryBytes)
		e[0] = byte(i)
		if i == n {
			e[0] |= 0x40
		}
		e[11], e[13] = 0x0f, checksum(short)
		for j, unit := range units[(i-1)*perEntry : i*perEntry] {
			binary.LittleEndian.PutUint16(e[unitAt[j]:], unit)
		}
		b = append(b, e...)
	}
	return b
}

// checksum ties a long name to its short one.
func checksum(short [11]byte) (sum byte) {
	for _, c := range short {
		sum = sum>>1 | sum<<7
		sum += c
	}
	return sum
}
