package room

import (
	"slices"
	"sort"
)

// Limits of the window: the newest part of the log, held in memory. 2,000
// messages are an evening's last hour; a phone that was away for longer is
// served from the log. With each may come two reactions, edits or the like: when
// there are more, it holds fewer messages. 8 MiB bound it when all of them are
// long.
const (
	maxWindow      = 2000
	maxWindowBytes = 8 << 20

	// What muted people say has a window of its own: it takes no place of what
	// all can see. They see it as long as they would on their own phone's screen.
	maxShadows     = 500
	maxShadowBytes = 1 << 20
)

// window holds the newest entries of the log, oldest first.
type window struct {
	most, mostBytes int // messages, and three times as many entries

	entries  []*Entry // as they are shown now
	messages int      // how many of them are messages
	bytes    int
	begin    int64 // all from this offset on are here, but for

	// those that one person alone sees, by that person: from this offset on.
	dropped map[string]int64
}

func newWindow(most, mostBytes int) window { return window{most: most, mostBytes: mostBytes} }

// clear forgets all entries; those from begin on will come.
func (w *window) clear(begin int64) { *w = window{most: w.most, mostBytes: w.mostBytes, begin: begin} }

func (w *window) add(e *Entry) {
	w.entries = append(w.entries, e)
	w.count(e, 1)
	drop := 0
	for w.messages > w.most || len(w.entries)-drop > 3*w.most || w.bytes > w.mostBytes && len(w.entries)-drop > 1 {
		w.count(w.entries[drop], -1)
		w.drop(w.entries[drop])
		w.entries[drop] = nil // snapshots share the array: they have their own copy of the slots
		drop++
	}
	w.entries = w.entries[drop:]
}

// drop notes that an entry is here no more.
func (w *window) drop(e *Entry) {
	person := e.Audience.Person
	if person == "" || len(w.dropped) >= w.most {
		w.begin = e.Offset + 1
		clear(w.dropped)
		return
	}
	if w.dropped == nil {
		w.dropped = make(map[string]int64)
	}
	w.dropped[person] = e.Offset + 1
}

// beginFor returns the offset from which on all is here that somebody may see.
func (w *window) beginFor(person string) int64 { return max(w.begin, w.dropped[person]) }

func (w *window) count(e *Entry, by int) {
	w.bytes += by * e.size()
	if e.Deed == nil {
		w.messages += by
	}
}

// index returns where the first entry at or after offset is.
func (w *window) index(offset int64) int {
	return sort.Search(len(w.entries), func(i int) bool { return w.entries[i].Offset >= offset })
}

// find returns the entry at offset.
func (w *window) find(offset int64) (*Entry, bool) {
	if i := w.index(offset); i < len(w.entries) && w.entries[i].Offset == offset {
		return w.entries[i], true
	}
	return nil, false
}

// show makes every entry for which it may matter what show returns of it: the
// message at an offset, and the deeds done to it; all entries if offset is
// negative.
func (w *window) show(offset int64, show func(raw *Entry) *Entry) {
	for i := w.index(offset); i < len(w.entries); i++ {
		old := w.entries[i]
		if offset >= 0 && old.Offset != offset && old.target() != offset {
			continue
		}
		w.count(old, -1)
		w.entries[i] = show(old.said())
		w.count(w.entries[i], 1)
	}
}

// seen returns those of entries that the viewer may see, as a copy.
func (v Viewer) seen(entries []*Entry) []*Entry {
	all := make([]*Entry, 0, len(entries))
	for _, e := range entries {
		if e.SeenBy(v.Person, v.Host) {
			all = append(all, e)
		}
	}
	return all
}

// tail returns the end of entries: the last n messages that somebody may see, and
// what came between and after them, but no more than three entries for each.
func tail(entries []*Entry, n int, as Viewer) []*Entry {
	i, seen, messages := len(entries), 0, 0
	for i > 0 && messages < n && seen < 3*n {
		i--
		if e := entries[i]; e.SeenBy(as.Person, as.Host) {
			seen++
			if e.Deed == nil {
				messages++
			}
		}
	}
	return entries[i:]
}

// merge returns the entries of two windows in the order of their offsets.
func merge(a, b []*Entry) []*Entry {
	if len(b) == 0 {
		return slices.Clone(a)
	}
	all := make([]*Entry, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].Offset < b[0].Offset {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return append(append(all, a...), b...)
}
