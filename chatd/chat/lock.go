package chat

// Lock is a host's: only hosts may write, until it is undone.
type Lock struct {
	By   Person `json:"by"`
	Undo bool   `json:"undo,omitempty"`
}

// Kind implements Deed.
func (l *Lock) Kind() string { return TypeLock }

// Doer implements Deed.
func (l *Lock) Doer() Person { return l.By }

func (l *Lock) check() error { return l.By.check("by") }
