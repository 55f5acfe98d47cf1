package invite

import (
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	"rsc.io/qr"
)

// fields reads a code as ZXing's wiki ("Barcode Contents") says: fields of a
// letter, a colon and a value up to a semicolon, where a backslash makes the
// next character itself.
func fields(t *testing.T, code string) map[string]string {
	t.Helper()
	rest, ok := strings.CutPrefix(code, "WIFI:")
	if !ok {
		t.Fatalf("%q is no Wi-Fi", code)
	}
	all := map[string]string{}
	for rest != ";" {
		key, value, ok := strings.Cut(rest, ":")
		if _, twice := all[key]; !ok || twice {
			t.Fatalf("%q: %q", code, rest)
		}
		var b strings.Builder
		for len(value) > 0 && value[0] != ';' {
			if value[0] == '\\' {
				value = value[1:]
			}
			if value == "" {
				break
			}
			b.WriteByte(value[0])
			value = value[1:]
		}
		if value == "" {
			t.Fatalf("%q does not end", code)
		}
		all[key], rest = b.String(), value[1:]
	}
	return all
}

// FuzzWiFi: whatever the Wi-Fi is called, a phone that reads the code joins just
// that one.
func FuzzWiFi(f *testing.F) {
	f.Add("rabbit", "carrotcarrot")
	f.Add(`a;b,c:d"e\`, `;P:x;;T:nopass;`)
	f.Add("\xff\x00 ", "")
	f.Fuzz(func(t *testing.T, name, passphrase string) {
		got := fields(t, WiFi{name, passphrase}.Code())
		kind := "WPA"
		if passphrase == "" {
			kind = "nopass"
		}
		if got["S"] != name || got["P"] != passphrase || got["T"] != kind {
			t.Fatalf("%q, %q is read as %q", name, passphrase, got)
		}
	})
}

// path is what a code is drawn with: numbers, and letters that move the pen.
var path = regexp.MustCompile(`^(M\d+ \d+\.5(h\d+|m\d+ 0)*)*$`)

// FuzzSVG: whatever is in a QR code, its picture is an SVG of two paths that
// shows as many dark modules as there are, or there is an error.
func FuzzSVG(f *testing.F) {
	f.Add("http://10.1.1.1:8081/")
	f.Add(`</svg><script>"'&`)
	f.Add(strings.Repeat("\xff", 2400))
	f.Fuzz(func(t *testing.T, text string) {
		svg, err := SVG(text)
		if err != nil {
			if svg != "" || len(err.Error()) > 1000 {
				t.Fatalf("%q, %v", svg, err)
			}
			return
		}
		code, err := qr.Encode(text, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Path []struct {
				D string `xml:"d,attr"`
			} `xml:"path"`
		}
		if err := xml.Unmarshal([]byte(svg), &doc); err != nil || len(doc.Path) != 2 || !path.MatchString(doc.Path[1].D) || strings.Count(svg, "<") != 4 {
			t.Fatalf("%q: %v: %s", text, err, svg)
		}
		dark, drawn := 0, 0
		for y := range code.Size {
			for x := range code.Size {
				if code.Black(x, y) {
					dark++
				}
			}
		}
		for _, run := range regexp.MustCompile(`h(\d+)`).FindAllStringSubmatch(doc.Path[1].D, -1) {
			n := 0
			for _, digit := range run[1] {
				n = 10*n + int(digit-'0')
			}
			drawn += n
		}
		if drawn != dark {
			t.Fatalf("%q: %d modules are drawn, and %d are dark", text, drawn, dark)
		}
	})
}
