package chat

import (
	"fmt"
	"time"
)

// EditTime is how long after it was said a message can be edited or deleted by
// who said it: long enough to see a mistake, too short to rewrite what others
// have answered to.
const EditTime = 10 * time.Minute

// Edit gives a message of one's own another text.
type Edit struct {
	From   Person `json:"from"`
	To     int64  `json:"to"`   // the message's offset
	Text   string `json:"text"` // as CleanText returns it
	Shadow bool   `json:"shadow,omitempty"`
	Host   bool   `json:"host,omitempty"` // as in Message
}

// Kind implements Deed.
func (e *Edit) Kind() string { return TypeEdit }

// Doer implements Deed.
func (e *Edit) Doer() Person { return e.From }

func (e *Edit) check() error {
	if err := e.From.check("from"); err != nil {
		return err
	}
	if err := checkOffset("to", e.To); err != nil {
		return err
	}
	text, err := CleanText(e.Text)
	if err != nil {
		return fmt.Errorf("text: %w", err)
	}
	e.Text = text
	return nil
}
