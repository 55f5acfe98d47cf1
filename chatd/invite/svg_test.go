package invite

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rsc.io/qr"
)

// TestSVG draws what the SVG says and compares it with the code.
func TestSVG(t *testing.T) {
	for _, text := range []string{"http://10.1.1.1:8081/", `</svg><script>"'&`, strings.Repeat("long ", 60)} {
		svg, err := SVG(text)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			ViewBox string `xml:"viewBox,attr"`
			Path    []struct {
				D string `xml:"d,attr"`
			} `xml:"path"`
		}
		if err := xml.Unmarshal([]byte(svg), &doc); err != nil || len(doc.Path) != 2 {
			t.Fatalf("%v: %s", err, svg)
		}
		code, _ := qr.Encode(text, qr.M)
		if want := fmt.Sprintf("0 0 %d %[1]d", code.Size+8); doc.ViewBox != want {
			t.Errorf("the picture is %s, not %s", doc.ViewBox, want)
		}
		drawn := make(map[[2]int]bool)
		var x, y int
		for _, m := range regexp.MustCompile(`([Mmh])(\d+)(?: (\d+)(\.5)?)?`).FindAllStringSubmatch(doc.Path[1].D, -1) {
			n, _ := strconv.Atoi(m[2])
			switch m[1] {
			case "M":
				x = n
				y, _ = strconv.Atoi(m[3])
			case "m":
				x += n
			case "h":
				for range n {
					drawn[[2]int{x, y}] = true
					x++
				}
			}
		}
		for y := range code.Size {
			for x := range code.Size {
				if drawn[[2]int{x + svgQuiet, y + svgQuiet}] != code.Black(x, y) {
					t.Fatalf("%q: the module at %d, %d is drawn wrong", text, x, y)
				}
				delete(drawn, [2]int{x + svgQuiet, y + svgQuiet})
			}
		}
		if len(drawn) > 0 {
			t.Errorf("%q: %d modules are drawn outside of the code", text, len(drawn))
		}
	}
	if _, err := SVG(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text too long for a QR code gives no error")
	}
}
