package card

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/appliance/partition"
)

// fat16 returns the boot sector and the table of a FAT16 file system with 1000
// clusters of 2 KiB, of which used are in use.
func fat16(used int) []byte {
	b := make([]byte, 64*sector)
	le := binary.LittleEndian
	le.PutUint16(b[11:], sector)
	b[13] = 4
	le.PutUint16(b[14:], 4) // reserved
	b[16] = 1
	le.PutUint16(b[17:], 512) // entries of the root: 32 sectors
	le.PutUint16(b[22:], 4)   // sectors of the table
	le.PutUint16(b[19:], 4+4+32+4000)
	b[510], b[511] = 0x55, 0xaa
	table := b[4*sector:]
	for i := range used + 2 {
		le.PutUint16(table[2*i:], 0xffff)
	}
	return b
}

func TestFreeFAT16(t *testing.T) {
	for used, want := range map[int]int64{0: 1000 * 2048, 1: 999 * 2048, 1000: 0} {
		if free, err := freeFAT16(bytes.NewReader(fat16(used))); err != nil || free != want {
			t.Errorf("%d in use: %d, %v", used, free, err)
		}
	}
	short := fat16(0)
	short[22] = 1
	for name, b := range map[string][]byte{"empty": nil, "zeros": make([]byte, 4096), "a short table": short, "cut off": fat16(0)[:5*sector]} {
		if _, err := freeFAT16(bytes.NewReader(b)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSquashfsUsed(t *testing.T) {
	super := make([]byte, 96)
	copy(super, "hsqs")
	super[20] = 1
	binary.LittleEndian.PutUint64(super[40:], 600<<20)
	if used, err := squashfsUsed(bytes.NewReader(super)); err != nil || used != 600<<20 {
		t.Errorf("%d, %v", used, err)
	}
	super[20] = 6 // zstd
	if _, err := squashfsUsed(bytes.NewReader(super)); err == nil || !strings.Contains(err.Error(), "zlib") {
		t.Error(err)
	}
	if _, err := squashfsUsed(bytes.NewReader(make([]byte, 96))); err == nil {
		t.Error("zeros are a squashfs")
	}
}

func TestLacks(t *testing.T) {
	have := []string{"/", "/lib", "/lib/modules/6.12", "/user/chatd"}
	if err := lacks(have, []string{"/user/chatd", "/lib/modules/*"}); err != nil {
		t.Error(err)
	}
	err := lacks(have, []string{"/user/chatd", "/user/x", "/opt/*"})
	if err == nil || err.Error() != "it lacks /user/x, /opt/*" {
		t.Error(err)
	}
}

func TestFlashes(t *testing.T) {
	for name, want := range map[string]bool{
		"recovery.bin": true, "RECOVERY.000": true, "pieeprom.upd": true, "pieeprom.sig": true, "vl805.bin": true, "vl805.sig": true,
		"bootcode.bin": false, "start4.elf": false, "warren.toml": false, "overlays/vl805.dtbo": false,
	} {
		if flashes(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestWriteRootRefusesWhatDoesNotFit(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	if err := makeSparse(root, partition.RootA.Size+1); err != nil {
		t.Fatal(err)
	}
	if err := WriteRoot("", root); err == nil || !strings.Contains(err.Error(), "500") {
		t.Error(err)
	}
}

func TestCopySparse(t *testing.T) {
	content := append(make([]byte, 200<<10), "end"...)
	copy(content[100<<10:], "middle")
	file := filepath.Join(t.TempDir(), "file")
	if err := makeSparse(file, 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := write(file, 1000, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got[1000:1000+len(content)], content) {
		t.Errorf("it has other bytes (%v)", err)
	}
}
