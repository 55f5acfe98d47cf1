package fanout

import (
	"cmp"
	"slices"
)

// Choose returns where reading may begin, best first: indexes of places, which are
// the offsets of the kept records of a log. From and last are the offsets of the first
// and the last record of that log. Reading begins behind the first place whose record
// the handler can read, or else with the log's first record.
//
// These are the places at least back before the end, newest first; then the others, oldest
// first; and last those of which the log has lost what follows, newest first. But a log that is
// there from its first record on, and was not erased (-1), is read from there if no place is far
// enough back: it tells more, and is short.
func Choose(places []int64, from, last int64, back int) []int {
	const far, near, lost = 0, 1, 2
	class := func(place int64) int {
		switch {
		case place < from-1:
			return lost
		case place <= last-int64(back):
			return far
		}
		return near
	}
	order := make([]int, len(places))
	whole := from == 0
	for i, place := range places {
		order[i] = i
		whole = whole && place >= 0 && class(place) == near
	}
	if whole {
		return nil
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := class(places[i]), class(places[j])
		newer := cmp.Or(cmp.Compare(places[j], places[i]), j-i)
		if a == near && b == near {
			newer = -newer
		}
		return cmp.Or(a-b, newer)
	})
	return order
}
