package chat

import (
	"errors"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Reaction is an emoji that somebody puts on a message, or takes off it again.
type Reaction struct {
	From   Person `json:"from"`
	To     int64  `json:"to"` // the message's offset
	Emoji  string `json:"emoji"`
	Undo   bool   `json:"undo,omitempty"`
	Shadow bool   `json:"shadow,omitempty"` // shown to From alone
	Host   bool   `json:"host,omitempty"`   // as in Message
}

// MaxEmojiBytes is the longest emoji. A family of four with skin tones, the
// longest that phones offer, has 41 bytes, but is drawn as four people by most;
// a couple with skin tones, or the flag of Scotland, has 28.
const MaxEmojiBytes = 32

// ErrEmoji reports that a reaction is no emoji.
var ErrEmoji = errors.New("a reaction must be one emoji")

// CheckEmoji reports whether s can be a reaction: one grapheme of at most
// MaxEmojiBytes that is drawn as a picture: no letter, no bare digit, no sign of
// punctuation, nothing that is not seen.
func CheckEmoji(s string) error {
	if s == "" || len(s) > MaxEmojiBytes || !utf8.ValidString(s) || uniseg.GraphemeClusterCount(s) != 1 {
		return ErrEmoji
	}
	picture := false
	for i, r := range s {
		switch {
		case r == '\u20e3': // keycap: what made it a picture is a digit
			picture = true
		case unicode.Is(unicode.So, r), unicode.Is(unicode.Sk, r) && r >= 0x1f3fb: // skin tones are modifiers
			picture = true
		case i > 0 && (r == '\u200d' || r == '\ufe0f'): // joins a family; asks for the picture
			picture = picture || r == '\ufe0f' && i > 0 // "↔️", "‼️"
		case r >= 0xe0020 && r <= 0xe007f && i > 0: // tags: the flag of Scotland
		case i == 0 && (r >= '0' && r <= '9' || r == '#' || r == '*'):
		case unicode.In(r, unicode.Sm, unicode.Po, unicode.Pd): // arrows, "‼", "〰": pictures with \ufe0f
		default:
			return ErrEmoji
		}
	}
	if !picture {
		return ErrEmoji
	}
	return nil
}

// Kind implements Deed.
func (r *Reaction) Kind() string { return TypeReaction }

// Doer implements Deed.
func (r *Reaction) Doer() Person { return r.From }

func (r *Reaction) check() error {
	if err := r.From.check("from"); err != nil {
		return err
	}
	if err := checkOffset("to", r.To); err != nil {
		return err
	}
	return CheckEmoji(r.Emoji)
}
