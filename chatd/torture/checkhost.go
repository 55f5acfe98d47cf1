package main

import "slices"

// checkHost checks what a host's phone was told of hosts' deeds, each time: it is what the log had
// come to at the last of these deeds. And that is no older than what the chatd had read.
func (c *checker) checkHost(p History) {
	head := int64(-1)
	for _, e := range p.Events {
		if e.Kind == Welcomed {
			head = e.Head
		}
		if e.Kind != Hosting || !e.Up {
			continue // one that does not know the log yet says nothing
		}
		last := int64(-1)
		if n := len(e.Host.Deeds); n > 0 {
			last = e.Host.Deeds[n-1].Offset
		}
		switch want, known := c.hostAfter(last); {
		case !known:
			c.find(Misruled, p.Phone, "hosts were told of a deed at offset %d, which is none", last)
		case last < c.lastDeed(head):
			c.find(Misruled, p.Phone, "hosts were told of deeds up to offset %d by a chatd that had read up to %d, and the one at %d was missing", last, head, c.lastDeed(head))
		case !want.equal(e.Host):
			c.find(Misruled, p.Phone, "after the deed at offset %d, hosts were told of %v: it was %v", last, *e.Host, want)
		}
	}
}

// equal reports whether two are the same.
func (h *HostView) equal(o *HostView) bool {
	return slices.Equal(h.Muted, o.Muted) && slices.Equal(h.Words, o.Words) && slices.Equal(h.Deeds, o.Deeds)
}
