package main

import "warren/chatd/chat"

// maxRecent is how many message ids are remembered. What is published twice is
// what a daemon had published and not yet read back when its broker died: 1,000
// records at most (rabbitmq.window). They come again together, so that if a few
// more of them blink, they share a blink with the others. An id has some tens
// of bytes: 100 KiB in all.
const maxRecent = 1024

// recent knows the messages of late, to blink once for one that was published
// twice.
type recent struct {
	known map[id]bool
	order [maxRecent]id // a ring: next is the oldest
	next  int
}

// id tells messages apart: an id of its sender's is unique for that sender.
type id struct{ person, app, ref string }

// first reports whether m in rec was not there lately. A message whose sender
// has no ids never was.
func (r *recent) first(m chat.Message, rec chat.Record) bool {
	if rec.ID == "" {
		return true
	}
	which := id{m.From.ID, rec.App, rec.ID}
	if r.known[which] {
		return false
	}
	if r.known == nil {
		r.known = make(map[id]bool, maxRecent)
	}
	delete(r.known, r.order[r.next])
	r.order[r.next] = which
	r.known[which] = true
	r.next = (r.next + 1) % maxRecent
	return true
}
