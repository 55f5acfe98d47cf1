// Package layout decides what stands where on the screen, for any size of it.
// It looks like the wall of the page (web/wall.css).
package layout

import (
	"image/color"
	"math"

	"warren/appliance/screen/words"
	"warren/chatd/invite"
)

// View is what there is to see.
type View struct {
	Words words.Words
	Join  bool // only how to come in, and no messages

	Title    string
	Count    int         // of the people here; -1: not known
	WiFi     invite.WiFi // the one to join
	URL      string      // where the chat is
	Cable    string      // where it is for whoever comes by cable; empty: that needs not be said
	Trouble  []string    // what the host should do something about
	State    string      // how the room is, in one sentence
	Pin      string      // an announcement
	Notice   string      // what stands in place of messages; empty: they are shown
	Messages []Message   // the newest one last
}

// Message is one, as the room shows it.
type Message struct {
	Name, ID string // of who says it
	Text     string
	Picture  bool
	Edited   bool
}

// Colours of the dark wall.
var (
	Page   = color.RGBA{0x15, 0x12, 0x0f, 255}
	card   = color.RGBA{0x24, 0x1e, 0x19, 255}
	line   = color.RGBA{0x3b, 0x33, 0x2a, 255}
	ink    = color.RGBA{0xf6, 0xef, 0xe6, 255}
	quiet  = color.RGBA{0xb5, 0xa9, 0x99, 255}
	accent = color.RGBA{0xff, 0xa2, 0x5e, 255}
	fill   = color.RGBA{0xf5, 0x8b, 0x40, 255}
	onFill = color.RGBA{0x1d, 0x10, 0x05, 255}
)

// hues are those of names, as web/people.js has them.
var hues = []float64{345, 300, 275, 250, 225, 200, 175, 145, 95, 50}

// nameColor returns the colour of whoever has that id: that of the page.
func nameColor(id string) color.RGBA {
	if id == "" {
		return quiet // not a person
	}
	var hash uint32
	for _, r := range id {
		hash = hash*31 + uint32(r)
	}
	return hsl(hues[hash%uint32(len(hues))], .70, .74)
}

// hsl returns the colour of CSS's hsl() (CSS Color Module Level 4, section 7).
func hsl(hue, saturation, lightness float64) color.RGBA {
	channel := func(n float64) uint8 {
		k := math.Mod(n+hue/30, 12)
		a := saturation * min(lightness, 1-lightness)
		return uint8(math.Round(255 * (lightness - a*max(-1, min(k-3, 9-k, 1)))))
	}
	return color.RGBA{channel(0), channel(8), channel(4), 255}
}
