package room

import (
	"maps"
	"time"
)

// slowMode is when each person said something last, through this daemon, while slow
// mode was on.
type slowMode map[string]spoken

type spoken struct {
	ref string // said again, it is the same message
	at  time.Time
}

// maxSlow is how many people are remembered: more than a daemon has sessions. Over
// it, all are forgotten: then everybody may speak at once, once.
const maxSlow = 4096

// wait returns how long a person must wait before saying what ref stands for.
func (s slowMode) wait(id, ref string, pause time.Duration, now time.Time) time.Duration {
	last, ok := s[id]
	if !ok || last.ref == ref {
		return 0
	}
	return max(0, pause-now.Sub(last.at))
}

// said takes note that somebody has said something.
func (s slowMode) said(id, ref string, pause time.Duration, now time.Time) {
	if pause == 0 {
		if len(s) > 0 {
			clear(s)
		}
		return
	}
	if len(s) >= maxSlow {
		maps.DeleteFunc(s, func(_ string, last spoken) bool { return now.Sub(last.at) > pause })
		if len(s) >= maxSlow {
			clear(s)
		}
	}
	s[id] = spoken{ref, now}
}
