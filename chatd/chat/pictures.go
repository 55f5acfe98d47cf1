package chat

// Pictures is a host's: whether guests may send pictures.
type Pictures struct {
	By  Person `json:"by"`
	Off bool   `json:"off,omitempty"`
}

// Kind implements Deed.
func (p *Pictures) Kind() string { return TypePictures }

// Doer implements Deed.
func (p *Pictures) Doer() Person { return p.By }

func (p *Pictures) check() error { return p.By.check("by") }
