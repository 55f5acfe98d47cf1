package bootfile

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/appliance/update/trial"
)

// FuzzWithRoot: in whatever a host has made of the kernel's command line, another
// root is named by one digit, or it is left alone.
func FuzzWithRoot(f *testing.F) {
	f.Add(line)
	f.Add(lineGPT)
	f.Add("root=PARTUUID=1/PARTNROFF=2\n")
	f.Add("x=\"root=PARTUUID=1/PARTNROFF=1 root=/dev/sda\"\x00")
	f.Fuzz(func(t *testing.T, line string) {
		is, err := RootIn(line)
		b, errB := WithRoot(line, trial.B)
		if (err == nil) != (errB == nil) {
			t.Fatalf("%q: %v, %v", line, err, errB)
		}
		if err != nil {
			return
		}
		other, _ := WithRoot(line, is.Other())
		back, err := WithRoot(other, is)
		now, errNow := RootIn(b)
		if err != nil || errNow != nil || now != trial.B || back != line || len(other) != len(line) {
			t.Fatalf("%q becomes %q, and back %q", line, other, back)
		}
		for i := range line {
			if line[i] != other[i] && (line[i] < '1' || line[i] > '3') {
				t.Fatalf("%q becomes %q", line, other)
			}
		}
	})
}

// fat makes a small FAT16 with one file, and leaves room for what is damaged.
func fat(name string, size int) []byte {
	card := make([]byte, 8*sector)
	copy(card[11:], []byte{0, 2, 1, 1, 0, 1, 16, 0})
	card[22], card[510], card[511] = 1, 0x55, 0xaa
	entry := card[2*sector:]
	copy(entry, shortName(name))
	entry[26] = 2
	binary.LittleEndian.PutUint32(entry[28:], uint32(size))
	return card
}

// FuzzOverwrite: on whatever file system, a file that is replaced holds the text
// and keeps its size, all else stays as it was, or nothing is written.
func FuzzOverwrite(f *testing.F) {
	f.Add(fat(OwnLine, len(line)), line)
	f.Add(fat(OwnLine, 512), "x\n \n")
	f.Add(fat(TrialLine, 5), strings.Repeat("x", 6))
	f.Add(fat(OwnLine, 0), "")
	device := filepath.Join(f.TempDir(), "boot")
	f.Fuzz(func(t *testing.T, card []byte, text string) {
		if err := os.WriteFile(device, card, 0o600); err != nil {
			t.Fatal(err)
		}
		before, readErr := Read(device, OwnLine)
		err := Overwrite(device, OwnLine, text)
		after, _ := os.ReadFile(device)
		if err != nil {
			if !bytes.Equal(card, after) {
				t.Fatalf("it is changed, with %v", err)
			}
			return
		}
		if readErr != nil {
			return // beyond the end of the device, where a real one takes nothing
		}
		got, err := Read(device, OwnLine)
		if err != nil || len(got) != len(before) || strings.TrimRight(string(got), " \n") != strings.TrimRight(text, " \n") {
			// What holds its own entry or the boot sector cannot be a file.
			t.Fatalf("%q is read as %q, %v", text, got, err)
		}
		changed := 0
		for i := range card {
			if card[i] != after[i] {
				changed++
			}
		}
		if changed > len(before) || len(after) != len(card) {
			t.Fatalf("%d bytes of a file of %d are changed", changed, len(before))
		}
	})
}
