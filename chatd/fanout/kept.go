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
// These are the places at least back before the end, newest first. If there is none
// it is the oldest place; but a log that is there from its first record on, and
// was not erased (-1), is read from there: it tells more, and is short.
func Choose(places []int64, from, last int64, back int) []int {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(places[j], places[i]), j-i)
	})
	for k, i := range order {
		if places[i] <= last-int64(back) {
			return order[k:]
		}
	}
	if k := len(order) - 1; k >= 0 && (from > 0 || places[order[k]] < 0) {
		return order[k:]
	}
	return nil
}
