package fold

import (
	"slices"
	"time"

	"warren/chatd/chat"
)

// MaxBoots is how many boots a log's time knows: an evening has a few, and each
// card of a room its own.
const MaxBoots = 64

// MaxLag is how far the clock of a boot may be behind log time. Records of two cards come
// some milliseconds out of their order; a card that comes when the other has been
// silent for long knows nothing of that time.
const MaxLag = time.Minute

// maxTime bounds log time, so that sums of it are numbers: 36 million years.
const maxTime = 1 << 60

// clock is log time.
type clock struct {
	now   int64
	boots []chat.Moment // base of each, in the order in which they appeared
}

// add takes note of a record's stamp. The record's time is c.now then.
func (c *clock) add(s chat.Stamp) {
	if !s.Possible() {
		return
	}
	c.now = c.of(s)
	i := slices.IndexFunc(c.boots, func(b chat.Moment) bool { return b.ID == s.Boot })
	began := chat.Moment{ID: s.Boot, At: c.now - s.UpMS}
	switch {
	case i < 0:
		c.boots = append(slices.Clone(c.boots[max(0, len(c.boots)+1-MaxBoots):]), began)
	case began.At-c.boots[i].At > MaxLag.Milliseconds():
		c.boots = slices.Clone(c.boots) // a snapshot has what was
		c.boots[i] = began
	}
}

// knows reports whether a record of that boot has come.
func (c *clock) knows(boot string) bool {
	return slices.ContainsFunc(c.boots, func(b chat.Moment) bool { return b.ID == boot })
}

// of returns the log time of a record with a stamp: now, if it says nothing or something earlier.
func (c *clock) of(s chat.Stamp) int64 {
	if !s.Possible() {
		return c.now
	}
	for _, b := range c.boots {
		if at := b.At + s.UpMS; b.ID == s.Boot && at > c.now && at <= maxTime {
			return at
		}
	}
	return c.now
}
