package chat

import (
	"fmt"
	"strings"

	"github.com/rivo/uniseg"
)

// Pin is a host's: an announcement that stays above the talk. An empty text
// takes it away.
type Pin struct {
	By   Person `json:"by"`
	Text string `json:"text"` // as cleanNotice returns it
}

// MaxNoticeGraphemes and MaxNoticeBytes bound an announcement, and the notice of
// a chat that is off. On a phone, 500 characters are half of the screen. The
// bytes are twice what Chinese needs, and keep a snapshot small.
const (
	MaxNoticeGraphemes = 500
	MaxNoticeBytes     = 3000
)

// Kind implements Deed.
func (p *Pin) Kind() string { return TypePin }

// Doer implements Deed.
func (p *Pin) Doer() Person { return p.By }

func (p *Pin) check() (err error) {
	if p.Text, err = cleanNotice(p.Text); err != nil {
		return fmt.Errorf("text: %w", err)
	}
	return p.By.check("by")
}

// cleanNotice is CleanText for what hosts put up: it may be empty, and has at
// most MaxNoticeGraphemes and MaxNoticeBytes.
func cleanNotice(s string) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", nil
	}
	s, err := CleanText(s)
	if err != nil {
		return "", err
	}
	if len(s) > MaxNoticeBytes || uniseg.GraphemeClusterCount(s) > MaxNoticeGraphemes {
		return "", fmt.Errorf("it is too long: at most %d characters and %d bytes", MaxNoticeGraphemes, MaxNoticeBytes)
	}
	return s, nil
}
