package partition

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const imageSize = 2 << 30

// The table's bytes, and what fdisk and blkid make of them.
func TestTable(t *testing.T) {
	table := NewTable(imageSize)
	want := strings.Join(strings.Fields(`
		5a1a0460 0000
		80 feffff 0c feffff 00200000 00200300
		00 feffff 83 feffff 00400300 00a00f00
		00 feffff 83 feffff 00e01200 00a00f00
		00 feffff 83 feffff 00802200 00801d00
		55aa`), "")
	if got := hex.EncodeToString(table[440:]); got != want {
		t.Errorf("it is\n%s, not\n%s", got, want)
	}
	if !bytes.Equal(table[:440], make([]byte, 440)) {
		t.Error("there is something before it")
	}
	card := filepath.Join(t.TempDir(), "card")
	if err := os.WriteFile(card, table[:], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(card, imageSize); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("blkid", "-p", card).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `PTUUID="60041a5a" PTTYPE="dos"`) {
		t.Errorf("blkid says %s (%v)", out, err)
	}
	if Root(2) != "PARTUUID=60041a5a-02" {
		t.Errorf("the root is %s", Root(2))
	}
	at := Boot.Offset
	for _, p := range Layout(imageSize) {
		if p.Offset != at || p.Offset%mib != 0 {
			t.Errorf("%s begins at %d, the one before ends at %d", p.Name, p.Offset, at)
		}
		at += p.Size
	}
	if at != imageSize {
		t.Errorf("the last partition ends at %d", at)
	}
}

func TestCheck(t *testing.T) {
	good := NewTable(imageSize)
	if err := Check(bytes.NewReader(good[:]), imageSize); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Table){
		"zeros":           func(t *Table) { *t = Table{} },
		"of another size": func(t *Table) { *t = NewTable(2 * imageSize) },
		"hybrid":          func(t *Table) { t.entry(1)[4] = typeProtective },
		"hidden":          func(t *Table) { t.entry(0)[4] = 0xef },
		"another disk":    func(t *Table) { t[atID]++ },
		"moved":           func(t *Table) { t.entry(2)[9]++ },
	} {
		bad := good
		change(&bad)
		if err := Check(bytes.NewReader(bad[:]), imageSize); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := Check(bytes.NewReader(good[:100]), imageSize); err == nil {
		t.Error("cut off: no error")
	}
}

func TestGrown(t *testing.T) {
	const gib = 1 << 30
	start := RootB.Offset + RootB.Size
	for _, test := range []struct {
		what             string
		card, most, want int64
	}{
		{"a card of 32 GB", 31_914_983_424, 8 * gib, 8 * gib},
		{"one of 4 GB", 3_965_190_144, 8 * gib, 20 * Group},
		{"no bound", 31_914_983_424, 1 << 40, 229 * Group},
		{"a card as small as the image", imageSize, 8 * gib, 944 * mib},
		{"a bound below what is there", 31_914_983_424, 512 * mib, 944 * mib},
		{"room for less than a group", imageSize + Group/2, 8 * gib, 944 * mib},
	} {
		before := NewTable(imageSize)
		after, err := before.grown(test.card, test.most)
		offset, size := after.partition(3)
		if err != nil || offset != start || size != test.want || offset+size > test.card {
			t.Errorf("%s: %d bytes at %d, %v", test.what, size, offset, err)
		}
		copy(after.entry(3)[12:], before.entry(3)[12:])
		if after != before {
			t.Errorf("%s: more has changed than one size", test.what)
		}
		again, err := before.grown(test.card, test.most)
		twice, err2 := again.grown(test.card, test.most)
		if err != nil || err2 != nil || again != twice {
			t.Errorf("%s: the second time it becomes another one", test.what)
		}
	}
	table := NewTable(imageSize)
	if _, err := table.grown(imageSize-mib, 8*gib); err == nil || !strings.Contains(err.Error(), "is the card what it says it is?") {
		t.Errorf("a card that is too small: %v", err)
	}
	hybrid := table
	hybrid.entry(1)[4] = typeProtective
	if _, err := hybrid.grown(4*gib, 8*gib); !errors.Is(err, errHybrid) {
		t.Error(err)
	}
	other := table
	other[atID] = 1
	if _, err := other.grown(4*gib, 8*gib); err == nil || !strings.Contains(err.Error(), "not one of a card of Warren's") {
		t.Error(err)
	}
}
