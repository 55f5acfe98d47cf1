package room

// PictureGone reports whether the picture is one of messages that are shown no more,
// because they were hidden, taken back or cleared, and of no other. It knows of
// the messages in the window; of older ones it says false.
func (r *Room) PictureGone(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone, floor := false, r.state.floor()
	for _, e := range r.window.entries {
		if p := e.said().Message.Picture; e.Deed != nil || p == nil || p.ID != id {
			continue
		}
		if e.Gone == "" && e.Offset >= floor {
			return false
		}
		gone = true
	}
	return gone
}
