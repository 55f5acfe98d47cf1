package chat

import (
	"errors"
	"fmt"
	"strings"
)

// Picture is a reference to a picture, which does not travel through the
// exchange.
type Picture struct {
	ID string `json:"id"` // SHA-256 of the JPEG, 64 hexadecimal digits
	W  int    `json:"w"`  // size in pixels, 1 to MaxPictureSide
	H  int    `json:"h"`
}

// MaxPictureSide is the longest side of a picture in pixels: sharp on a
// projector, and some 400 kB.
const MaxPictureSide = 2048

// ErrPicture reports a reference that is none.
var ErrPicture = errors.New("this is no picture")

// ValidPictureID reports whether id can be a picture's: 64 of 0-9 and a-f.
func ValidPictureID(id string) bool {
	return len(id) == 64 && strings.Trim(id, "0123456789abcdef") == ""
}

func (p *Picture) check() error {
	if !ValidPictureID(p.ID) {
		return fmt.Errorf("%w: picture.id %.70q must be 64 of 0-9, a-f", ErrPicture, p.ID)
	}
	if p.W < 1 || p.W > MaxPictureSide || p.H < 1 || p.H > MaxPictureSide {
		return fmt.Errorf("%w: picture is %d by %d: each side must have 1 to %d pixels", ErrPicture, p.W, p.H, MaxPictureSide)
	}
	return nil
}
