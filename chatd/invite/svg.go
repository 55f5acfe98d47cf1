package invite

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// svgQuiet is the white margin around a printed or projected code, in modules:
// what the standard asks for (ISO/IEC 18004).
const svgQuiet = 4

// Code returns the QR code of text, for paper and for screens. An eighth of it may
// be hidden at level M: by a fold in the paper, or the shine of a lamp.
func Code(text string) (*qr.Code, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("QR code of %.60q: %w", text, err)
	}
	return code, nil
}

// SVG returns the QR code of text as an SVG element, which is a whole SVG file,
// too: black on white, with its margin, as large as the place it is put in. It
// is safe in HTML whatever the text, and hidden from screen readers: say in words
// beside it what it holds.
func SVG(text string) (string, error) {
	code, err := Code(text)
	if err != nil {
		return "", err
	}
	size := code.Size + 2*svgQuiet
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges" aria-hidden="true"><path fill="#fff" d="M0 0h%[1]dv%[2]dH0z"/><path stroke="#000" d="`, size, size)
	// Each row is a line as thick as a module, with gaps.
	for y := range code.Size {
		x, at := 0, 0 // at is where the pen is
		for x < code.Size {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			switch {
			case x == from:
				x++
				continue
			case at == 0:
				fmt.Fprintf(&b, "M%d %d.5", from+svgQuiet, y+svgQuiet)
			default:
				fmt.Fprintf(&b, "m%d 0", from-at)
			}
			fmt.Fprintf(&b, "h%d", x-from)
			at = x
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}
