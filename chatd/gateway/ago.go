package gateway

import (
	"time"

	"warren/chatd/chat"
)

// ago says how long before now a stamp was: without JavaScript nobody knows the
// guest's own time.
func (w words) ago(s, now chat.Stamp) string {
	d, ok := s.Before(now)
	switch {
	case !ok:
		return w.say("earlier")
	case d < time.Minute:
		return w.say("just_now")
	case d < time.Hour:
		return w.say("minutes_ago", d/time.Minute)
	}
	return w.say("hours_ago", d/time.Hour)
}
