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
	known map[chat.Key]bool
	order [maxRecent]chat.Key // a ring: next is the oldest
	next  int
}

// first reports whether rec was not there lately. One whose sender has no ids never
// was.
func (r *recent) first(rec chat.Record) bool {
	if rec.ID == "" {
		return true
	}
	which := rec.Key()
	if r.known[which] {
		return false
	}
	if r.known == nil {
		r.known = make(map[chat.Key]bool, maxRecent)
	}
	delete(r.known, r.order[r.next])
	r.order[r.next] = which
	r.known[which] = true
	r.next = (r.next + 1) % maxRecent
	return true
}
