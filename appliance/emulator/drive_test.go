package emulator

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// A drive gives back what was last written; what was flushed, or written with
// force unit access, outlasts every cut; of the rest, each sector is the last
// one written or an older one, whole.
func TestDrive(t *testing.T) {
	const sectors = 64
	file, err := os.Create(filepath.Join(t.TempDir(), "drive"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(sectors * sector); err != nil {
		t.Fatal(err)
	}
	luck := rand.New(rand.NewPCG(1, 2))
	d := drive{file: file, size: sectors * sector, pending: map[int64][]byte{}, luck: rand.New(rand.NewPCG(3, 4))}

	now := make([]byte, sectors)               // what each sector is filled with
	possible := make([]map[byte]bool, sectors) // what it may be filled with after a cut
	settle := func(n int) { possible[n] = map[byte]bool{now[n]: true} }
	for n := range sectors {
		settle(n)
	}
	read := func() []byte {
		t.Helper()
		all := make([]byte, sectors*sector)
		if err := d.read(all, 0); err != nil {
			t.Fatal(err)
		}
		have := make([]byte, sectors)
		for n := range have {
			have[n] = all[n*sector]
			if !bytes.Equal(all[n*sector:(n+1)*sector], bytes.Repeat(have[n:n+1], sector)) {
				t.Fatalf("sector %d is torn", n)
			}
		}
		return have
	}
	for step := range 20_000 {
		first := luck.IntN(sectors)
		length := 1 + luck.IntN(min(8, sectors-first))
		switch what := luck.IntN(100); {
		case what < 90:
			fua := what < 5
			with := byte(luck.IntN(256))
			if err := d.write(bytes.Repeat([]byte{with}, length*sector), int64(first*sector), fua); err != nil {
				t.Fatal(err)
			}
			for n := first; n < first+length; n++ {
				now[n] = with
				if possible[n][with] = true; fua {
					settle(n)
				}
			}
		case what < 95:
			if err := d.flush(); err != nil {
				t.Fatal(err)
			}
			for n := range sectors {
				settle(n)
			}
		default:
			if err := d.cut(); err != nil {
				t.Fatal(err)
			}
			for n, have := range read() {
				if !possible[n][have] {
					t.Fatalf("step %d: after the cut, sector %d is of %d, which it cannot be", step, n, have)
				}
				now[n] = have
				settle(n)
			}
		}
		if have := read(); !bytes.Equal(have, now) {
			t.Fatalf("step %d: the drive holds\n%v, not\n%v", step, have, now)
		}
	}
	if d.lost.Load() == 0 {
		t.Error("nothing was ever lost")
	}
	for _, wrong := range [][2]int64{{0, 100}, {100, sector}, {-sector, sector}, {sectors * sector, sector}, {0, (sectors + 1) * sector}} {
		if err := d.check(wrong[0], wrong[1]); err == nil {
			t.Errorf("%d bytes at %d are on the drive", wrong[1], wrong[0])
		}
	}

	d.through = true
	if err := d.write(bytes.Repeat([]byte("x"), sector), 0, false); err != nil {
		t.Fatal(err)
	}
	if err := d.cut(); err != nil {
		t.Fatal(err)
	}
	if have := read(); have[0] != 'x' {
		t.Error("a drive without a cache has lost what was written")
	}
}

// A drive with a full cache writes it out, rather than grow.
func TestDriveIsBounded(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "drive"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	d := drive{file: file, size: 2 * maxPending, pending: map[int64][]byte{}, luck: rand.New(rand.NewPCG(1, 2))}
	block := make([]byte, 1<<20)
	for at := int64(0); at < d.size; at += int64(len(block)) {
		if err := d.write(block, at, false); err != nil {
			t.Fatal(err)
		}
		if held := len(d.pending) * sector; held > maxPending {
			t.Fatalf("the cache holds %d bytes", held)
		}
	}
}
