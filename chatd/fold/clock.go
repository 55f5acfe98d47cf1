package fold

import (
	"slices"

	"warren/chatd/chat"
)

// MaxBoots is how many boots a log's time knows: an evening has a few, and each
// card of a room its own.
const MaxBoots = 64

// maxTime bounds log time, so that sums of it are numbers: 36 million years.
const maxTime = 1 << 60

// clock is log time.
type clock struct {
	now   int64
	boots []chat.Moment // when each began, in the order in which they appeared
}

// add takes note of a record's stamp, and returns its time.
func (c *clock) add(s chat.Stamp) int64 {
	if s.Known() && s.Possible() && !slices.ContainsFunc(c.boots, func(b chat.Moment) bool { return b.ID == s.Boot }) {
		c.boots = append(slices.Clone(c.boots[max(0, len(c.boots)+1-MaxBoots):]), chat.Moment{ID: s.Boot, At: c.now - s.UpMS})
	}
	at := c.of(s)
	c.now = max(c.now, at)
	return at
}

// of returns the log time of a stamp: now, if it says nothing.
func (c *clock) of(s chat.Stamp) int64 {
	if !s.Possible() {
		return c.now
	}
	for _, b := range c.boots {
		if b.ID == s.Boot {
			if at := b.At + s.UpMS; at <= maxTime {
				return at
			}
			break
		}
	}
	return c.now
}
