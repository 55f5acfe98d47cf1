package fanout

import (
	"slices"
	"testing"
)

// Reading begins where the most is known and nothing is missing.
func TestChoose(t *testing.T) {
	for name, test := range map[string]struct {
		places     []int64
		from, last int64
		back       int
		want       []int64 // in this order
	}{
		"nothing is kept":                        {nil, 0, 100, 10, nil},
		"the newest that is far enough back":     {[]int64{20, 50, 80, 95}, 0, 100, 10, []int64{80, 50, 20, 95}},
		"a short log is read whole":              {[]int64{95, 98}, 0, 100, 10, nil},
		"an erased one begins with that":         {[]int64{-1, 5}, 0, 8, 10, []int64{-1, 5}},
		"a log without its front, none far back": {[]int64{95, 98}, 60, 100, 10, []int64{95, 98}},
		"what follows on a place is gone":        {[]int64{20, 30, 95}, 60, 100, 10, []int64{95, 30, 20}},
		"the place itself is gone, not the next": {[]int64{59, 95}, 60, 100, 10, []int64{59, 95}},
		"nobody was there for long":              {[]int64{20, 30}, 60, 100, 10, []int64{30, 20}},
		"two of one place":                       {[]int64{50, 50}, 0, 100, 10, []int64{50, 50}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []int64
			for _, i := range Choose(test.places, test.from, test.last, test.back) {
				got = append(got, test.places[i])
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%v, not %v", got, test.want)
			}
		})
	}
}
