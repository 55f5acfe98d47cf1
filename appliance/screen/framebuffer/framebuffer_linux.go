// Package framebuffer draws on the kernel's framebuffer (the kernel's
// documentation, fb/framebuffer), with write(2): what was mapped would count as
// this program's memory, 33 MB of it at 3840×2160.
package framebuffer

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrNone means that the machine has no framebuffer: there is no display, or
// none that the system knows.
var ErrNone = errors.New("the machine has no framebuffer")

// Device is a framebuffer that is open. Its methods must not be called
// concurrently.
type Device struct {
	file   *os.File
	mode   mode
	buffer []byte // a row of a tile in the framebuffer's format
	plain  bool   // a plain file
}

// mode is how pixels stand in memory.
type mode struct {
	size   image.Point // that is seen
	offset image.Point // of it in what is there
	stride int         // bytes from one row to the next
	bytes  int         // of a pixel: 2, 3 or 4

	red, green, blue, transparent channel
}

// channel is where a colour stands in a pixel: struct fb_bitfield.
type channel struct{ Offset, Length, Right uint32 }

// The two structures are of linux/fb.h, and so are the numbers of the calls.
type varInfo struct {
	XRes, YRes, XResVirtual, YResVirtual, XOffset, YOffset uint32
	BitsPerPixel, Grayscale                                uint32
	Red, Green, Blue, Transparent                          channel
	NonStandard, Activate, Height, Width, AccelFlags       uint32
	Timing                                                 [9]uint32
	Rotate, Colorspace                                     uint32
	_                                                      [4]uint32
}

type fixInfo struct {
	ID                            [16]byte
	Start                         uintptr
	Length, Type, TypeAux, Visual uint32
	XPanStep, YPanStep, YWrapStep uint16
	LineLength                    uint32
	MMIOStart                     uintptr
	MMIOLength, Accel             uint32
	Capabilities                  uint16
	_                             [2]uint16
}

const (
	getVarInfo = 0x4600
	getFixInfo = 0x4602
	pan        = 0x4606

	packedPixels = 0 // FB_TYPE_PACKED_PIXELS
	trueColor    = 2 // FB_VISUAL_TRUECOLOR
	directColor  = 4 // FB_VISUAL_DIRECTCOLOR
)

// Open opens a framebuffer, such as /dev/fb0. The error is ErrNone if there is
// none, and says what is wrong with one that cannot be drawn on.
func Open(path string) (*Device, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	case err != nil:
		return nil, err
	}
	d := &Device{file: f}
	if err := d.Refresh(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Create returns a plain file in place of a framebuffer, for looking at what is
// drawn where there is no display: rows of pixels without anything between. mode
// is WIDTHxHEIGHTxBITS, with 16, 24 or 32 bits per pixel.
func Create(path, mode string) (*Device, error) {
	var w, h, bits uint32
	if n, err := fmt.Sscanf(mode, "%dx%dx%d", &w, &h, &bits); err != nil || n != 3 {
		return nil, fmt.Errorf("the mode is %.30q: it must be like 1280x720x32", mode)
	}
	v := varInfo{XRes: w, YRes: h, BitsPerPixel: bits, Red: channel{16, 8, 0}, Green: channel{8, 8, 0}, Blue: channel{0, 8, 0}}
	if bits == 16 {
		v.Red, v.Green, v.Blue = channel{11, 5, 0}, channel{5, 6, 0}, channel{0, 5, 0}
	}
	m, err := modeOf(&v, &fixInfo{Visual: trueColor, LineLength: w * bits / 8})
	if err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &Device{file: f, mode: m, plain: true}, nil
}

// Refresh looks again how large the screen is and how its pixels stand.
func (d *Device) Refresh() error {
	if d.plain {
		return nil
	}
	var v varInfo
	var f fixInfo
	if err := call(d.file, getVarInfo, unsafe.Pointer(&v)); err != nil {
		return fmt.Errorf("ask for its size: %w", err)
	}
	if v.XOffset != 0 || v.YOffset != 0 { // the console scrolls by that; some cannot
		v.XOffset, v.YOffset = 0, 0
		_ = call(d.file, pan, unsafe.Pointer(&v))
		if err := call(d.file, getVarInfo, unsafe.Pointer(&v)); err != nil {
			return fmt.Errorf("ask for its size: %w", err)
		}
	}
	if err := call(d.file, getFixInfo, unsafe.Pointer(&f)); err != nil {
		return fmt.Errorf("ask for its format: %w", err)
	}
	m, err := modeOf(&v, &f)
	if err == nil {
		d.mode = m
	}
	return err
}

func modeOf(v *varInfo, f *fixInfo) (mode, error) {
	m := mode{
		size:   image.Pt(int(v.XRes), int(v.YRes)),
		offset: image.Pt(int(v.XOffset), int(v.YOffset)),
		stride: int(f.LineLength), bytes: int(v.BitsPerPixel) / 8,
		red: v.Red, green: v.Green, blue: v.Blue, transparent: v.Transparent,
	}
	switch {
	case f.Type != packedPixels || f.Visual != trueColor && f.Visual != directColor || v.Grayscale != 0:
		return m, errors.New("its pixels have no colours of their own")
	case v.BitsPerPixel != 16 && v.BitsPerPixel != 24 && v.BitsPerPixel != 32:
		return m, fmt.Errorf("it has %d bits per pixel, and must have 16, 24 or 32", v.BitsPerPixel)
	case m.size.X < least || m.size.Y < least || m.size.X > most || m.size.Y > most:
		return m, fmt.Errorf("it has %d × %d pixels, and must have %d to %d each way", m.size.X, m.size.Y, least, most)
	case m.stride < (m.size.X+m.offset.X)*m.bytes:
		return m, fmt.Errorf("a row of it has %d bytes, too few for %d pixels", m.stride, m.size.X)
	}
	for _, c := range []channel{m.red, m.green, m.blue, m.transparent} {
		if c.Length > 8 || c.Offset+c.Length > v.BitsPerPixel || c.Right != 0 {
			return m, fmt.Errorf("its colours stand in a way that is not known: %v", []channel{m.red, m.green, m.blue, m.transparent})
		}
	}
	return m, nil
}

// The smallest screen on which a code can still be read, and the largest there is.
const least, most = 320, 8192

// Bounds returns what is seen.
func (d *Device) Bounds() image.Rectangle { return image.Rectangle{Max: d.mode.size} }

// Bits returns how many bits a pixel has.
func (d *Device) Bits() int { return 8 * d.mode.bytes }

// Close closes the device.
func (d *Device) Close() error { return d.file.Close() }

// Write shows a tile where its bounds say, which must be on the screen.
func (d *Device) Write(tile *image.RGBA) error {
	width := tile.Rect.Dx() * d.mode.bytes
	if cap(d.buffer) < width {
		d.buffer = make([]byte, width)
	}
	row := d.buffer[:width]
	for y := tile.Rect.Min.Y; y < tile.Rect.Max.Y; y++ {
		d.mode.encode(row, tile.Pix[tile.PixOffset(tile.Rect.Min.X, y):][:4*tile.Rect.Dx()])
		at := (y+d.mode.offset.Y)*d.mode.stride + (tile.Rect.Min.X+d.mode.offset.X)*d.mode.bytes
		if _, err := d.file.WriteAt(row, int64(at)); err != nil {
			return fmt.Errorf("write to the framebuffer: %w", err)
		}
	}
	return nil
}

// encode writes a row of pixels in the framebuffer's format, which is that of a
// little-endian machine: all that Warren runs on are.
func (m *mode) encode(to, rgba []byte) {
	opaque := m.transparent.of(255)
	for ; len(rgba) >= 4; to, rgba = to[m.bytes:], rgba[4:] {
		v := m.red.of(rgba[0]) | m.green.of(rgba[1]) | m.blue.of(rgba[2]) | opaque
		for i := range m.bytes {
			to[i] = byte(v >> (8 * i))
		}
	}
}

// of returns a channel's part of a pixel: the nearest step that it has. Cut off,
// the dark of the page would be green on a screen of 16 bits.
func (c channel) of(v byte) uint32 {
	return (uint32(v)*(1<<c.Length-1) + 127) / 255 << c.Offset
}

// sizes returns how large the structures are.
func sizes() (v, f uintptr) { return unsafe.Sizeof(varInfo{}), unsafe.Sizeof(fixInfo{}) }

func call(f *os.File, number uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), number, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
