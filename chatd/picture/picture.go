// Package picture keeps the pictures that guests send. They are JPEG files that a
// browser has made small and clean; this package believes none of that, and
// looks. They do not travel through the log: a message refers to one by its id, and
// the daemons of a room ask each other for those that they do not have.
package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"

	"warren/chatd/chat"
)

// Limits of a picture. The page makes none larger than 1,280 pixels a side and
// 300 kB, which fills a phone's screen and takes a second or two on a busy
// radio. There is some room above, for programs that do their own shrinking; a
// phone needs 16 MB to show what is as large as it may be.
const (
	MaxBytes = 400_000
	MaxSide  = chat.MaxPictureSide

	// A progressive picture comes in some ten scans, each over all of it. One
	// of hundreds is made to keep the phones busy that show it.
	maxScans = 32
)

// Errors of Check, to be compared with errors.Is. Each is wrapped in a sentence
// that says more.
var (
	ErrNotJPEG  = errors.New("this is not a whole JPEG picture")
	ErrTooLarge = errors.New("the picture is too large")
	ErrMetadata = errors.New("the picture carries more than the picture")
)

// Markers of a JPEG file (ITU-T T.81, table B.1) that are looked for.
const (
	markTEM   = 0x01
	markSOF0  = 0xc0 // baseline
	markSOF1  = 0xc1 // extended sequential
	markSOF2  = 0xc2 // progressive
	markDHT   = 0xc4
	markDAC   = 0xcc
	markRST0  = 0xd0
	markRST7  = 0xd7
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markDQT   = 0xdb
	markDRI   = 0xdd
	markAPP0  = 0xe0 // JFIF
	markAPP14 = 0xee // Adobe: which colours
)

// Check returns the width and height of a JPEG picture, and an error if data is
// not one, whole and with nothing behind it, within the limits above, and free of
// all that is not needed to show it: where and when it was taken and with what
// (APP1, APP13), comments, further pictures. The pixels are not looked at.
func Check(data []byte) (w, h int, err error) {
	if len(data) > MaxBytes {
		return 0, 0, fmt.Errorf("%w: it may have %d bytes", ErrTooLarge, MaxBytes)
	}
	// Go's own reader sees to what this one leaves alone, such as the number of
	// colours.
	if _, err := jpeg.DecodeConfig(bytes.NewReader(data)); err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrNotJPEG, err)
	}
	if w, h, err = walk(data); err != nil {
		return 0, 0, err
	}
	if w > MaxSide || h > MaxSide {
		return 0, 0, fmt.Errorf("%w: it has %d × %d pixels, and may have %d a side", ErrTooLarge, w, h, MaxSide)
	}
	return w, h, nil
}

func broken(what string, at int) error {
	return fmt.Errorf("%w: %s at byte %d", ErrNotJPEG, what, at)
}

// walk goes from segment to segment to the end of the picture.
func walk(data []byte) (w, h int, err error) {
	if !bytes.HasPrefix(data, []byte{0xff, markSOI}) {
		return 0, 0, broken("no beginning", 0)
	}
	scans := 0
	for at := 2; ; {
		for at+1 < len(data) && data[at] == 0xff && data[at+1] == 0xff {
			at++ // any marker may be preceded by fill bytes
		}
		if at+2 > len(data) || data[at] != 0xff {
			return 0, 0, broken("no marker", at)
		}
		mark := data[at+1]
		at += 2
		if mark == markEOI {
			switch {
			case scans == 0:
				return 0, 0, broken("an end before the picture", at)
			case at != len(data):
				return 0, 0, fmt.Errorf("%w: %d bytes come behind its end", ErrMetadata, len(data)-at)
			}
			return w, h, nil
		}
		body, ok := segment(data[at:])
		if !ok {
			return 0, 0, broken("a segment that is cut off", at)
		}
		switch mark {
		case markDHT, markDQT, markDRI, markAPP0, markAPP14:
		case markSOF0, markSOF1, markSOF2:
			if w != 0 || len(body) < 6 {
				return 0, 0, broken("a second or a short frame header", at)
			}
			h, w = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
			if w == 0 || h == 0 {
				return 0, 0, broken("a picture without a size", at)
			}
		case markSOS:
			if scans++; w == 0 || scans > maxScans {
				return 0, 0, broken("a scan too early or too many", at)
			}
			at += 2 + len(body)
			at += entropy(data[at:])
			continue
		default:
			if mark >= markSOF0 && mark < markAPP0 || mark <= markTEM {
				return 0, 0, broken(fmt.Sprintf("a segment %#x that this server does not know", mark), at)
			}
			return 0, 0, fmt.Errorf("%w: a segment %#x, which may say where and when it was taken, or hold a comment. Take it out, with `jpegtran -copy none`, say", ErrMetadata, mark)
		}
		at += 2 + len(body)
	}
}

// segment returns the body of the segment whose length data begins with.
func segment(data []byte) (body []byte, ok bool) {
	if len(data) < 2 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(data))
	if n < 2 || n > len(data) {
		return nil, false
	}
	return data[2:n], true
}

// entropy returns how many bytes of a scan's own data begins with: up to the next
// marker that is not one of those within a scan. There, 0xff 0x00 is a byte 0xff.
func entropy(data []byte) int {
	for i := 0; i+1 < len(data); i++ {
		if next := data[i+1]; data[i] == 0xff && next != 0 && next != 0xff && (next < markRST0 || next > markRST7) {
			return i
		}
	}
	return len(data)
}
