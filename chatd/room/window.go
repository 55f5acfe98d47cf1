package room

import "sort"

// Limits of the window: the newest part of the log, held in memory. 2,000
// messages are an evening's last hour; a phone that was away for longer is
// served from the log. 8 MiB bound it when all of them are long.
const (
	maxWindow      = 2000
	maxWindowBytes = 8 << 20
)

// window holds the newest entries of the log, oldest first.
type window struct {
	entries []*Entry
	bytes   int
}

func (w *window) add(e *Entry) {
	w.entries = append(w.entries, e)
	w.bytes += e.size()
	drop := 0
	for len(w.entries)-drop > maxWindow || w.bytes > maxWindowBytes && len(w.entries)-drop > 1 {
		w.bytes -= w.entries[drop].size()
		w.entries[drop] = nil // snapshots share the array: they have their own copy of the slots
		drop++
	}
	w.entries = w.entries[drop:]
}

// after returns a copy of the entries with offsets above offset.
func (w *window) after(offset int64) []*Entry {
	i := sort.Search(len(w.entries), func(i int) bool { return w.entries[i].Offset > offset })
	return append([]*Entry(nil), w.entries[i:]...)
}

// find returns the entry at offset.
func (w *window) find(offset int64) (*Entry, bool) {
	i := sort.Search(len(w.entries), func(i int) bool { return w.entries[i].Offset >= offset })
	if i < len(w.entries) && w.entries[i].Offset == offset {
		return w.entries[i], true
	}
	return nil, false
}

// last returns the newest n entries, as a copy.
func (w *window) last(n int) []*Entry {
	return append([]*Entry(nil), w.entries[max(0, len(w.entries)-n):]...)
}
