package gateway

import (
	"fmt"
	"time"

	"warren/chatd/chat"
)

// ago says how long before now a stamp was, in words: without JavaScript nobody
// knows the guest's own time.
func ago(s, now chat.Stamp) string {
	d, ok := s.Before(now)
	switch {
	case !ok:
		return "earlier"
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	}
	return fmt.Sprintf("%d h ago", d/time.Hour)
}
