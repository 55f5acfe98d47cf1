package chat

// Hide is a host's: nobody is shown the message any more, or is again.
type Hide struct {
	By   Person `json:"by"`
	To   int64  `json:"to"` // the message's offset
	Undo bool   `json:"undo,omitempty"`

	// Of the message, for the other hosts, if the host's daemon had it at hand.
	Who  *Person `json:"who,omitempty"`
	Text string  `json:"text,omitempty"` // as Excerpt returns it
}

// Kind implements Deed.
func (h *Hide) Kind() string { return TypeHide }

// Doer implements Deed.
func (h *Hide) Doer() Person { return h.By }

func (h *Hide) check() error {
	if err := h.By.check("by"); err != nil {
		return err
	}
	if h.Who != nil && h.Who.check("who") != nil {
		h.Who = nil // an AMQP client's; it is a courtesy
	}
	h.Text = Excerpt(h.Text)
	return checkOffset("to", h.To)
}
