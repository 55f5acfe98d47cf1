package daemon

import (
	"fmt"
	"strconv"
)

// Number defines a flag for a number from least to most, both allowed, whose
// default is what *p is. A value that is none, or out of range, is refused
// with a word on what would be right.
func Number[T int | float64](f *Flags, p *T, name string, least, most T, usage string) {
	f.Var(&number[T]{p, least, most}, name, usage)
}

type number[T int | float64] struct {
	p           *T
	least, most T
}

// String implements flag.Value.
func (n *number[T]) String() string {
	if n.p == nil {
		return "" // the flag package compares defaults with a zero value
	}
	return fmt.Sprint(*n.p)
}

// Set implements flag.Value.
func (n *number[T]) Set(s string) error {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v != float64(T(v)) || !(T(v) >= n.least && T(v) <= n.most) {
		return fmt.Errorf("it must be a number from %v to %v", n.least, n.most)
	}
	*n.p = T(v)
	return nil
}
