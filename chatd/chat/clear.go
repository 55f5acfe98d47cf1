package chat

// Clear is a host's: all that was said before it is not shown any more. Undo
// lifts one.
type Clear struct {
	By   Person `json:"by"`
	Undo bool   `json:"undo,omitempty"`
	Of   *int64 `json:"of,omitempty"` // with Undo: the offset of the clear that is lifted; nil: the last one
}

// Kind implements Deed.
func (c *Clear) Kind() string { return TypeClear }

// Doer implements Deed.
func (c *Clear) Doer() Person { return c.By }

func (c *Clear) check() error {
	if !c.Undo {
		c.Of = nil
	}
	if c.Of != nil {
		if err := checkOffset("of", *c.Of); err != nil {
			return err
		}
	}
	return c.By.check("by")
}
