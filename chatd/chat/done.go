package chat

import (
	"fmt"
	"strings"

	"github.com/rivo/uniseg"
)

// Done is a host's deed as other hosts are told it.
type Done struct {
	Offset  int64   `json:"offset"`
	Ref     string  `json:"ref"`
	Verb    string  `json:"verb"` // the record's type
	By      Person  `json:"by"`
	Undo    bool    `json:"undo,omitempty"`
	To      *int64  `json:"to,omitempty"`
	Who     *Person `json:"who,omitempty"`
	Text    string  `json:"text,omitempty"`    // an excerpt: of what was hidden, pinned, …
	Seconds *int    `json:"seconds,omitempty"` // of slow
	Off     bool    `json:"off,omitempty"`     // of pictures
	Stamp
}

// MaxExcerpt is how many graphemes of a text a Done has: two lines on a phone.
// The bytes are those of as many Chinese characters, and then some.
const (
	MaxExcerpt      = 100
	maxExcerptBytes = 400
)

// Excerpt returns the beginning of s, at most MaxExcerpt graphemes, in one line.
func Excerpt(s string) string {
	if len(s) > 4*maxExcerptBytes {
		s = strings.ToValidUTF8(s[:4*maxExcerptBytes], "")
	}
	s = strings.Join(strings.Fields(s), " ")
	n, end, state := 0, 0, -1
	for rest := s; rest != ""; n++ {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if n == MaxExcerpt || end+len(cluster) > maxExcerptBytes {
			return s[:end] + "…"
		}
		end += len(cluster)
	}
	return s
}

// DoneOf returns what hosts are told of a host's deed; false if it is none of a
// host.
func DoneOf(d Deed, offset int64, ref string, at Stamp) (Done, bool) {
	if !ValidID(ref) {
		ref = "" // by which a host's page knows its own: another client may have any
	}
	if !at.Possible() {
		at = Stamp{} // as a snapshot has it
	}
	done := Done{Offset: offset, Ref: ref, Verb: d.Kind(), By: d.Doer(), Stamp: at}
	switch d := d.(type) {
	case *Hide:
		done.To, done.Undo, done.Who, done.Text = &d.To, d.Undo, d.Who, Excerpt(d.Text)
	case *Clear:
		done.Undo = d.Undo
	case *Mute:
		done.Who, done.Undo = &d.Who, d.Undo
	case *Kick:
		done.Who = &d.Who
	case *Slow:
		done.Seconds = &d.Seconds
	case *Lock:
		done.Undo = d.Undo
	case *Off:
		done.Undo, done.Text = d.Undo, Excerpt(d.Notice)
	case *Words:
		done.Text = Excerpt(strings.Join(d.Words, ", "))
	case *Pin:
		done.Text = Excerpt(d.Text)
	case *Title:
		done.Text = d.Title
	case *Pictures:
		done.Off = d.Off
	case *Erase:
	case *Clock:
		return done, d.By != nil
	default:
		return Done{}, false
	}
	return done, true
}

func (d *Done) check() error {
	if !ValidID(d.Verb) {
		return fmt.Errorf("verb %.50q: not that of a deed", d.Verb)
	}
	if !ValidID(d.Ref) {
		d.Ref = ""
	}
	d.Text = Excerpt(d.Text)
	if !d.Stamp.Possible() {
		d.Stamp = Stamp{}
	}
	if d.Who != nil {
		if d.Who.check("who") != nil {
			d.Who = nil
		}
	}
	return d.By.check("by")
}
