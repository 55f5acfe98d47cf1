package room

import "warren/chatd/chat"

// change is what somebody did to a message of their own: the last edit, or that
// it was taken back.
type change struct {
	offset  int64 // of the deed
	from    string
	at      chat.Stamp
	text    string
	deleted bool
	shadow  bool
}

// changeOf returns the change that an Edit or Delete is, and the offset of its
// message.
func changeOf(e *Entry) (c change, to int64) {
	switch d := e.Deed.(type) {
	case *chat.Edit:
		return change{e.Offset, d.From.ID, e.Stamp, d.Text, false, d.Shadow}, d.To
	case *chat.Delete:
		return change{e.Offset, d.From.ID, e.Stamp, "", true, d.Shadow}, d.To
	}
	panic("only an edit or a delete is a change")
}

// allowed reports whether c may change m: it is the doer's own, and was said not
// longer than chat.EditTime before. Stamps of two boots say nothing about that.
func (c change) allowed(m *Entry) bool {
	after, known := m.Stamp.Before(c.at)
	return m.Deed == nil && m.Message.From.ID == c.from && known && after >= 0 && after <= chat.EditTime
}

// Limits of the changes that are remembered, for messages that are read from the
// log. 2,000 are as many as the window has messages; 1 MiB holds 500 bytes for each.
// A change that is forgotten still stands in the log behind its message, and pages
// are sent it.
const (
	maxChanges     = 2000
	maxChangeBytes = 1 << 20
	changeBytes    = 150 // of a change, besides its text
)

// changeKey is a message and who changed it: of two people at most one is
// allowed to, and which one is not known before the message is at hand.
type changeKey struct {
	to   int64
	from string
}

// changes are the last change of each message. The oldest are forgotten.
type changes struct {
	most, mostBytes int
	by              map[changeKey]change
	order           []changeKey // in which they came first
	bytes           int
}

func newChanges(most, mostBytes int) changes {
	return changes{most: most, mostBytes: mostBytes, by: make(map[changeKey]change)}
}

func (all *changes) add(to int64, c change) {
	k := changeKey{to, c.from}
	old, there := all.by[k]
	switch {
	case there && (old.deleted || old.offset >= c.offset):
		return
	case there:
		all.bytes -= changeBytes + len(old.text)
	default:
		all.order = append(all.order, k)
	}
	all.by[k] = c
	all.bytes += changeBytes + len(c.text)
	for len(all.by) > all.most || all.bytes > all.mostBytes && len(all.by) > 1 {
		oldest := all.order[0]
		all.order = all.order[1:]
		all.bytes -= changeBytes + len(all.by[oldest].text)
		delete(all.by, oldest)
	}
}

func (all *changes) of(to int64, from string) (change, bool) {
	if len(all.by) == 0 {
		return change{}, false // in most cases
	}
	c, ok := all.by[changeKey{to, from}]
	return c, ok
}
