package framebuffer

import (
	"errors"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A tile lands where it should, in the bits of each kind of framebuffer.
func TestWrite(t *testing.T) {
	for mode, pixel := range map[string]string{
		"400x320x16": "\x5f\xe1", // 11100 001010 11111
		"400x320x24": "\xff\x28\xe8",
		"400x320x32": "\xff\x28\xe8\x00",
	} {
		t.Run(mode, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "fb")
			d, err := Create(path, mode)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			tile := image.NewRGBA(image.Rect(10, 20, 13, 22))
			for y := 20; y < 22; y++ {
				for x := 10; x < 13; x++ {
					tile.SetRGBA(x, y, color.RGBA{0xe8, 0x28, 0xff, 0xff})
				}
			}
			if err := d.Write(tile); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			row := strings.Repeat("\x00", 10*len(pixel)) + strings.Repeat(pixel, 3)
			gap := strings.Repeat("\x00", 387*len(pixel))
			want := strings.Repeat("\x00", 20*400*len(pixel)) + row + gap + row
			if string(got) != want {
				t.Errorf("%d bytes, want %d; the first pixel is % x", len(got), len(want), got[(20*400+10)*len(pixel):][:len(pixel)])
			}
		})
	}
}

// White is white and black is black, however few steps a colour has.
func TestStepsAreTheNearest(t *testing.T) {
	for bits := uint32(1); bits <= 8; bits++ {
		c := channel{Length: bits}
		if c.of(0) != 0 || c.of(255) != 1<<bits-1 {
			t.Errorf("of %d bits, black is %d and white %d", bits, c.of(0), c.of(255))
		}
	}
	if c := (channel{Length: 5}); c.of(0x15) != 3 { // cut off, it would be 2
		t.Errorf("the page's red is %d", c.of(0x15))
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "fb0")); !errors.Is(err, ErrNone) {
		t.Errorf("without a framebuffer: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	if _, err := Open(file); err == nil || errors.Is(err, ErrNone) || !strings.Contains(err.Error(), file) {
		t.Errorf("a file passes as a framebuffer: %v", err)
	}
	good := func() (varInfo, fixInfo) {
		v := varInfo{XRes: 640, YRes: 480, BitsPerPixel: 32, Red: channel{16, 8, 0}, Green: channel{8, 8, 0}, Blue: channel{0, 8, 0}}
		return v, fixInfo{Visual: trueColor, LineLength: 4 * 640}
	}
	v, f := good()
	if _, err := modeOf(&v, &f); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(v *varInfo, f *fixInfo){
		"16, 24 or 32":             func(v *varInfo, f *fixInfo) { v.BitsPerPixel = 8 },
		"no colours of their own":  func(v *varInfo, f *fixInfo) { f.Visual = 3 },
		"must have 320 to 8192":    func(v *varInfo, f *fixInfo) { v.YRes = 1 << 20 },
		"too few for 640 pixels":   func(v *varInfo, f *fixInfo) { f.LineLength = 640 },
		"in a way that is not kno": func(v *varInfo, f *fixInfo) { v.Blue.Length = 200 },
	} {
		v, f := good()
		spoil(&v, &f)
		if _, err := modeOf(&v, &f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if _, err := Create(file, "wide"); err == nil || !strings.Contains(err.Error(), "1280x720x32") {
		t.Errorf("%v", err)
	}
}

// The structures are as the kernel has them: linux/fb.h, on a 64-bit machine.
func TestSizesOfTheKernelsStructures(t *testing.T) {
	if v, f := sizes(); v != 160 || f != 80 {
		t.Errorf("they have %d and %d bytes, and must have 160 and 80", v, f)
	}
}
