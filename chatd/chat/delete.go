package chat

// Delete takes back a message of one's own, within EditTime.
type Delete struct {
	From   Person `json:"from"`
	To     int64  `json:"to"` // the message's offset
	Shadow bool   `json:"shadow,omitempty"`
}

// Kind implements Deed.
func (d *Delete) Kind() string { return TypeDelete }

// Doer implements Deed.
func (d *Delete) Doer() Person { return d.From }

func (d *Delete) check() error {
	if err := d.From.check("from"); err != nil {
		return err
	}
	return checkOffset("to", d.To)
}
