package main

// A phone is shown things as its chatd has them at a moment, which is a place in the log:
// as far as that chatd has read. Which it was is not told. It is at or after what the welcome
// said, or the record that is shown; and before the phone had it, so that
// nothing is known by then which was published later. Of what holds from one
// place to the next, this says whether it may have been so.

// possible reports whether what holds from a cause to the next one may be what
// a chatd had that had read up to since, and showed it at a time.
func possible(c cause, next int64, since, at int64) bool { return next > since && c.at <= at }

// anyFloor reports whether a floor for which it holds may have been the room's.
func (c *checker) anyFloor(since, at int64, holds func(offset int64) bool) bool {
	for i, f := range c.floors {
		next := int64(never)
		if i+1 < len(c.floors) {
			next = c.floors[i+1].cause.offset
		}
		if possible(f.cause, next, since, at) && holds(f.offset) {
			return true
		}
	}
	return false
}

// maybeCleared reports whether a record may have been behind the floor.
func (c *checker) maybeCleared(r *Judged, since, at int64) bool {
	return c.anyFloor(since, at, func(floor int64) bool { return r.Offset < floor })
}

// isAbove reports whether it may not have been.
func (c *checker) isAbove(r *Judged, since, at int64) bool {
	return c.anyFloor(since, at, func(floor int64) bool { return r.Offset >= floor })
}

// anyVersion reports whether a version of a message for which it holds may have been the one.
func (m *Judged) anyVersion(since, at int64, holds func(v version) bool) bool {
	for i, v := range m.versions {
		next := int64(never)
		if i+1 < len(m.versions) {
			next = m.versions[i+1].offset
		}
		if possible(v.cause, next, since, at) && holds(v) {
			return true
		}
	}
	return false
}

// isShownAs reports whether a message may have been shown so.
func (m *Judged) isShownAs(item Item, since, at int64) bool {
	return m.anyVersion(since, at, func(v version) bool {
		if v.gone != "" {
			return item.Gone == v.gone && item.Text == ""
		}
		return item.Gone == "" && item.Text == v.text && item.Edited == v.edited
	})
}

// editStands reports whether an edit may have been its message's last, with the message
// still there. One that is its sender's secret stands for that person.
func (c *checker) editStands(e *Judged, since, at int64) bool {
	return !e.applied || c.at[e.Body.To].anyVersion(since, at, func(v version) bool { return v.edit == e.Offset && v.gone == "" })
}

// maybeOvertaken reports whether it may not have been.
func (c *checker) maybeOvertaken(e *Judged, since, at int64) bool {
	return !e.applied || c.at[e.Body.To].anyVersion(since, at, func(v version) bool { return v.edit != e.Offset || v.gone != "" })
}
