package chat

import "fmt"

// Off is a host's: the chat is off. Nobody but hosts may write, and the page
// shows the notice where one would.
type Off struct {
	By     Person `json:"by"`
	Notice string `json:"notice,omitempty"` // as cleanNotice returns it; empty: the page's own words
	Undo   bool   `json:"undo,omitempty"`
}

// Kind implements Deed.
func (o *Off) Kind() string { return TypeOff }

// Doer implements Deed.
func (o *Off) Doer() Person { return o.By }

func (o *Off) check() (err error) {
	if o.Notice, err = cleanNotice(o.Notice); err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	return o.By.check("by")
}
