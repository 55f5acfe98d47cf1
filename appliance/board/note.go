package main

import (
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"warren/appliance/board/why"
	"warren/appliance/update/bootfile"
	"warren/internal/status"
)

const (
	// noteEvery is how long the boot partition is left alone after each write. A
	// card that changes its state all the time for a year is written 525,600 times
	// then, at 4 KiB each: 2 GB, which any card takes many times over.
	noteEvery = time.Minute

	// settle is when a card is noted first, since the start: all daemons have said
	// something by then, and the Wi-Fi has had the time that it waits for its radio.
	settle = 25 * time.Second
)

// note keeps WHY.TXT.
type note struct {
	write   func(content []byte) error
	log     *slog.Logger
	version string

	said    string        // what was written, without its numbers
	at      time.Duration // when, since the start; 0: not since then
	refused string        // what the last write said
	none    bool          // the card has no such file
}

// begin takes up what an earlier life of the daemon has done since the start: it
// wrote last at that time, or not at all.
func (n *note) begin(at time.Duration) { n.at = at }

// look writes the file if what all daemons tell is another than what was written.
// That a number is another is no news: guests come and go, and a processor gets
// warmer and colder.
func (n *note) look(up time.Duration, all []status.Section) {
	now := withoutNumbers(all)
	switch {
	case n.none, now == n.said:
		return
	case n.at > 0 && up-n.at < noteEvery:
		return
	case n.at == 0 && up < settle:
		return
	}
	n.at = up // a card that refuses is not asked more often
	err := n.write(why.Text(all, up, n.version))
	switch {
	case err == nil:
		n.said, n.refused = now, ""
	case errors.Is(err, bootfile.ErrMissing):
		n.none = true
		n.log.Info("this card has no " + why.Name + ": it was flashed before there was one")
	case err.Error() != n.refused:
		n.refused = err.Error()
		n.log.Warn(why.Name+" cannot be written; trying on", "error", err)
	}
}

func withoutNumbers(all []status.Section) string {
	var b strings.Builder
	for _, s := range all {
		b.WriteString(s.Title + "\n" + strings.Join(s.Text, "\n") + "\n" + strings.Join(s.List, "\n") + "\n\n")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, b.String())
}
