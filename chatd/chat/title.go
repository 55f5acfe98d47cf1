package chat

import (
	"fmt"
	"strings"
)

// Title is a host's: the room's name. Empty: the one it had.
type Title struct {
	By    Person `json:"by"`
	Title string `json:"title"` // as CleanName returns it
}

// Kind implements Deed.
func (t *Title) Kind() string { return TypeTitle }

// Doer implements Deed.
func (t *Title) Doer() Person { return t.By }

func (t *Title) check() (err error) {
	if strings.TrimSpace(t.Title) == "" {
		t.Title = ""
	} else if t.Title, err = CleanName(t.Title); err != nil {
		return fmt.Errorf("title: %w", err)
	}
	return t.By.check("by")
}
