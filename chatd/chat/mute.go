package chat

// Mute is a host's: what that device says is shown to itself alone. It is not
// told.
type Mute struct {
	By   Person `json:"by"`
	Who  Person `json:"who"`
	Undo bool   `json:"undo,omitempty"`
}

// Kind implements Deed.
func (m *Mute) Kind() string { return TypeMute }

// Doer implements Deed.
func (m *Mute) Doer() Person { return m.By }

func (m *Mute) check() error {
	if err := m.By.check("by"); err != nil {
		return err
	}
	return m.Who.check("who")
}
