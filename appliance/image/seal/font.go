package seal

import (
	"fmt"
	"path/filepath"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"warren/appliance/screen/text"
)

// FontFile is where the image has the font for what the screen's own fonts do
// not have.
const FontFile = "usr/share/fonts/truetype/droid/DroidSansFallback.ttf"

// fontSets are the character sets that are kept of it, as many as text.MaxFurther
// has room for: what is written in China (GB 2312), Japan (JIS X 0208) and Taiwan
// (Big5, its frequently used characters, whose first byte is at most C6).
var fontSets = []struct {
	encoding encoding.Encoding
	most     byte // first byte
}{
	{simplifiedchinese.HZGB2312, 0xFF},
	{japanese.ShiftJIS, 0xFF},
	{traditionalchinese.Big5, 0xC6},
}

// firstCJK is where the blocks of Unicode begin that are for these scripts: CJK
// Radicals Supplement. The screen's own fonts have what is before.
const firstCJK = 0x2E80

// inFont reports whether a character is kept of the font.
func inFont(r rune) bool {
	if r < firstCJK {
		return false
	}
	for _, set := range fontSets {
		if s, err := set.encoding.NewEncoder().String(string(r)); err == nil && s[0] <= set.most {
			return true
		}
	}
	return false
}

// Font stages FontFile of the image's root in dir.
func Font(t Tree, dir string) error {
	whole, err := t.read("usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf")
	if err != nil {
		return err
	}
	part, err := subset(whole, inFont)
	if err != nil {
		return fmt.Errorf("make the font smaller: %w", err)
	}
	if most := text.MaxFurther; len(part) > most {
		return fmt.Errorf("%s has %d bytes, and may have %d", filepath.Base(FontFile), len(part), most)
	}
	s := NewStage(dir)
	s.Write(FontFile, part, 0o644)
	return s.Err()
}
