package card

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestLayout(t *testing.T) {
	// What was seen of gok, byte for byte.
	perm := Perm(Size)
	if perm.Offset != 1157627904 || perm.Size != 966639<<10 {
		t.Errorf("perm is %+v", perm)
	}
	at := Boot.Offset
	for _, p := range layout(Size) {
		if p.Offset != at || p.Offset%mib != 0 {
			t.Errorf("%s begins at %d, the one before ends at %d", p.Name, p.Offset, at)
		}
		at += p.Size
	}
	if at > Size-33*sector {
		t.Error("the last partition runs into the backup of the table")
	}
}

// table returns a card with a partition table.
func table(partitions ...Partition) []byte {
	card := make([]byte, 64*sector)
	le := binary.LittleEndian
	h := card[sector:]
	copy(h, "EFI PART")
	le.PutUint64(h[72:], 2)
	le.PutUint32(h[80:], 128)
	le.PutUint32(h[84:], 128)
	for i, p := range partitions {
		e := card[2*sector+128*i:]
		e[0] = 1
		le.PutUint64(e[32:], uint64(p.Offset/sector))
		le.PutUint64(e[40:], uint64((p.Offset+p.Size)/sector-1))
		for j, u := range utf16.Encode([]rune(p.Name)) {
			le.PutUint16(e[56+2*j:], u)
		}
	}
	return card
}

func TestCheckTable(t *testing.T) {
	good := layout(Size)
	if err := CheckTable(bytes.NewReader(table(good...)), Size); err != nil {
		t.Error(err)
	}
	have, err := readGPT(bytes.NewReader(table(good...)))
	if err != nil || len(have) != 4 || have[1] != RootA {
		t.Errorf("%v, %v", have, err)
	}
	moved := layout(Size)
	moved[2].Offset += mib
	huge := table()
	binary.LittleEndian.PutUint32(huge[sector+80:], 1<<31)
	for name, card := range map[string][]byte{
		"empty": nil, "no table": make([]byte, 64*sector), "three": table(good[:3]...),
		"moved": table(moved...), "of another size": table(layout(2 * Size)...), "endless": huge, "cut off": table(good...)[:3*sector],
	} {
		if err := CheckTable(bytes.NewReader(card), Size); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// fat returns the boot sector and the table of a FAT16 file system with 1000
// clusters of 2 KiB, of which used are in use.
func fat(used int) []byte {
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
		if free, err := freeFAT16(bytes.NewReader(fat(used))); err != nil || free != want {
			t.Errorf("%d in use: %d, %v", used, free, err)
		}
	}
	short := fat(0)
	short[22] = 1
	for name, b := range map[string][]byte{"empty": nil, "zeros": make([]byte, 4096), "a short table": short, "cut off": fat(0)[:5*sector]} {
		if _, err := freeFAT16(bytes.NewReader(b)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSquashfsUsed(t *testing.T) {
	super := make([]byte, 96)
	copy(super, "hsqs")
	super[20] = 1
	binary.LittleEndian.PutUint64(super[40:], 600*mib)
	if used, err := squashfsUsed(bytes.NewReader(super)); err != nil || used != 600*mib {
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

func TestWriteRootRefusesWhatDoesNotFit(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	if err := makeSparse(root, RootA.Size+1); err != nil {
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
