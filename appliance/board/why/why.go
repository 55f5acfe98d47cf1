// Package why makes WHY.TXT, a file on the boot partition that tells how the card
// was when it was last on. It is for a card that does not open: people put it into a
// laptop and read why.
package why

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"warren/internal/status"
)

// Name is the name of the file. The card is shipped with it, in one piece and at its
// full size, so that it can be overwritten in place.
const Name = "WHY.TXT"

// Bytes is its size: eight sectors. All that is said on a usual day is a quarter of
// it.
const Bytes = 4096

// eol is what ends a line in every editor, Notepad of an old Windows included.
const eol = "\r\n"

// width is how many bytes a line has at most, unless a word has more.
const width = 76

// Blank is the file of a card that has never been on.
func Blank() []byte {
	return fill(para("This file tells why a card does not work. Once the card has been switched on, it writes here how it was. If this is still here then, the card has not started at all: try another power supply, or flash it anew."))
}

// Text returns the file: what is wrong comes first, with what to do, and then all
// that the daemons tell. up is for how long the machine has been on, version is
// Warren's.
func Text(all []status.Section, up time.Duration, version string) []byte {
	var b strings.Builder
	if status.Well(all) {
		b.WriteString("NOTHING WAS WRONG, as far as the box could tell." + eol)
	} else {
		b.WriteString("SOMETHING WAS WRONG:" + eol)
		sections(&b, all, true)
	}
	b.WriteString(eol + para(fmt.Sprintf("The box wrote this %s after it was switched on, as it does when something changes, at most once a minute. Its Warren is %s. While it is on, http://10.1.1.1:8081/status tells more.", since(up), version)))
	sections(&b, all, false)
	return fill(b.String())
}

// sections writes those in which something is wrong, or the others.
func sections(b *strings.Builder, all []status.Section, wrong bool) {
	for _, s := range all {
		if s.Wrong != wrong {
			continue
		}
		b.WriteString(eol + para(s.Title))
		for _, text := range s.Text {
			b.WriteString(indent("  ", text))
		}
		for _, item := range s.List {
			b.WriteString(indent("  * ", item))
		}
	}
}

// para makes lines of a sentence or more.
func para(text string) string { return indent("", text) }

// indent makes lines of a text, with first before its first line and as much space
// before the others.
func indent(first, text string) string {
	var b strings.Builder
	line := first
	for i, word := range strings.Fields(clean(text)) {
		if i > 0 && len(line)+1+len(word) > width {
			b.WriteString(line + eol)
			line = strings.Repeat(" ", len(first)) + word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	return b.String() + line + eol
}

// clean makes plain signs of those that an old editor garbles. Names that people
// gave stay as they are, in UTF-8.
func clean(s string) string {
	s = strings.NewReplacer("\u201c", `"`, "\u201d", `"`, "\u00b0C", "degrees").Replace(strings.ToValidUTF8(s, "?"))
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// since says for how long the box has been on.
func since(up time.Duration) string {
	up = up.Round(time.Second)
	switch h, m, s := up/time.Hour, up%time.Hour/time.Minute, up%time.Minute/time.Second; {
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	case m > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	default:
		return fmt.Sprintf("%d s", s)
	}
}

const more = "(There is more.)" + eol

// fill makes the text as long as the file: lines of spaces follow, which no editor
// shows. What is too long is cut at the end of a line.
func fill(text string) []byte {
	if len(text) > Bytes {
		end := strings.LastIndex(text[:Bytes-len(more)], eol)
		if end < 0 { // one line without an end
			for end = Bytes - len(more) - len(eol); !utf8.RuneStart(text[end]); end-- {
			}
		}
		text = text[:end] + eol + more
	}
	b := []byte(text)
	for len(b) < Bytes {
		line := " " // one byte is left: no half an end of a line
		if n := min(width+len(eol), Bytes-len(b)); n > 1 {
			line = strings.Repeat(" ", n-len(eol)) + eol
		}
		b = append(b, line...)
	}
	return b
}
