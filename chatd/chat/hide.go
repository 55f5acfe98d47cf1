package chat

// Hide is a host's: nobody is shown the message any more, or is again.
type Hide struct {
	By   Person `json:"by"`
	To   int64  `json:"to"` // the message's offset
	Undo bool   `json:"undo,omitempty"`
}

// Kind implements Deed.
func (h *Hide) Kind() string { return TypeHide }

// Doer implements Deed.
func (h *Hide) Doer() Person { return h.By }

func (h *Hide) check() error {
	if err := h.By.check("by"); err != nil {
		return err
	}
	return checkOffset("to", h.To)
}
