package room

import "warren/chatd/chat"

// maxSeen is how many ids are remembered to show a message once. A message is
// in the log twice when its sender repeated it: within seconds after a broker
// restart, within hours when a phone slept on an unanswered message. 65,536
// are more than an evening; at about 120 bytes each they cost 8 MiB. An AMQP
// client, which has the broker's password, may take ids of 255 bytes: 40 MiB.
const maxSeen = 1 << 16

// key tells messages apart: a sender's id for a message is unique for that
// sender only, so that nobody can suppress another's message by taking its id.
type key struct{ sender, ref string }

// keyOf returns the key of the message m in rec, and false if its sender has
// no ids: such a message is never taken for a repeated one.
func keyOf(m chat.Message, rec chat.Record) (key, bool) {
	if m.From.ID == "" {
		return key{"app " + rec.App, rec.ID}, rec.ID != ""
	}
	return key{m.From.ID, rec.ID}, rec.ID != ""
}

// seen remembers at which offset each message came first.
type seen struct {
	at    map[key]int64
	order []key // the oldest first, a ring once full
	head  int
}

func newSeen() *seen { return &seen{at: make(map[key]int64)} }

// first records that k is in the log at offset, and returns the offset at
// which k came first.
func (s *seen) first(k key, offset int64) int64 {
	if at, ok := s.at[k]; ok {
		return at
	}
	if len(s.order) < maxSeen {
		s.order = append(s.order, k)
	} else {
		delete(s.at, s.order[s.head])
		s.order[s.head] = k
		s.head = (s.head + 1) % maxSeen
	}
	s.at[k] = offset
	return offset
}

// forget forgets what came first at or after offset.
func (s *seen) forget(offset int64) {
	left := newSeen()
	for i := range s.order {
		k := s.order[(s.head+i)%len(s.order)]
		if at := s.at[k]; at < offset {
			left.first(k, at)
		}
	}
	*s = *left
}

func (s *seen) lookup(k key) (offset int64, ok bool) {
	offset, ok = s.at[k]
	return
}
