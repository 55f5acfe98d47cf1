package chat

// Erase is the first record of a log that was made anew because a host wanted
// all forgotten that was in the old one. State is what of the room stays: how it
// is called, who is muted and the like, but nothing that was said.
type Erase struct {
	By    Person `json:"by"`
	State *State `json:"state,omitempty"`
}

// Kind implements Deed.
func (e *Erase) Kind() string { return TypeErase }

// Doer implements Deed.
func (e *Erase) Doer() Person { return e.By }

func (e *Erase) check() error {
	if err := e.By.check("by"); err != nil {
		return err
	}
	if e.State != nil {
		e.State.Clean()
	}
	return nil
}
