package room

import (
	"maps"

	"warren/chatd/chat"
)

// maxSeen is how many ids are remembered at most, and half of it at least, to
// show a message once. A message is in the log twice when its sender repeated it:
// within seconds after a broker restart, within hours when a phone slept on an
// unanswered message. 32,768 are more than an evening; at about 120 bytes each
// all cost 8 MiB. An AMQP client, which has the broker's password, may take ids of
// 255 bytes: 40 MiB.
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

// seen remembers at which offset each message came first. The older half is
// forgotten at once: a map from which each new key drives out an old one grows for
// hundreds of thousands of keys before it has its size.
type seen struct{ newer, older map[key]int64 }

func newSeen() *seen { return &seen{newer: make(map[key]int64)} }

// first records that k is in the log at offset, and returns the offset at
// which k came first.
func (s *seen) first(k key, offset int64) int64 {
	if at, ok := s.lookup(k); ok {
		return at
	}
	if len(s.newer) >= maxSeen/2 {
		s.newer, s.older = make(map[key]int64, maxSeen/2), s.newer
	}
	s.newer[k] = offset
	return offset
}

// forget forgets what came first at or after offset.
func (s *seen) forget(offset int64) {
	late := func(_ key, at int64) bool { return at >= offset }
	maps.DeleteFunc(s.newer, late)
	maps.DeleteFunc(s.older, late)
}

func (s *seen) lookup(k key) (offset int64, ok bool) {
	if offset, ok = s.newer[k]; !ok {
		offset, ok = s.older[k]
	}
	return offset, ok
}
