package room

import (
	"maps"
	"time"
)

// slowMode is when each person said something last through this daemon, while slow
// mode was on: what is on its way to the log is counted before it is there.
type slowMode map[string]spoken

type spoken struct {
	ref string // said again, it is the same message
	at  time.Time
}

// maxSlow is how many people are remembered: more than a daemon has sessions. Over
// it, those whose time is over are forgotten, and all if there are none: the log knows who
// spoke.
const maxSlow = 4096

// take returns how long a person must wait before saying what ref stands for; 0 if
// not: then it counts as said.
func (s slowMode) take(id, ref string, pause time.Duration, now time.Time) time.Duration {
	last, ok := s[id]
	if ok && last.ref != ref {
		if wait := pause - now.Sub(last.at); wait > 0 {
			return wait
		}
	}
	if len(s) >= maxSlow {
		maps.DeleteFunc(s, func(_ string, last spoken) bool { return now.Sub(last.at) > pause })
		if len(s) >= maxSlow {
			clear(s)
		}
	}
	s[id] = spoken{ref, now}
	return 0
}

// undo says that what ref stands for was not accepted after all.
func (s slowMode) undo(id, ref string) {
	if s[id].ref == ref {
		delete(s, id)
	}
}
