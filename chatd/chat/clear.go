package chat

// Clear is a host's: all that was said before it is not shown any more. Undo
// lifts the last one.
type Clear struct {
	By   Person `json:"by"`
	Undo bool   `json:"undo,omitempty"`
}

// Kind implements Deed.
func (c *Clear) Kind() string { return TypeClear }

// Doer implements Deed.
func (c *Clear) Doer() Person { return c.By }

func (c *Clear) check() error { return c.By.check("by") }
