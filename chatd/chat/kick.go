package chat

import "time"

// KickTime is how long somebody who was sent out is kept out: long enough to
// think of something else, short enough that a mistake is no drama.
const KickTime = 10 * time.Minute

// Kick is a host's: the sessions of that device are closed, and it is kept out
// for KickTime.
type Kick struct {
	By  Person `json:"by"`
	Who Person `json:"who"`
}

// Kind implements Deed.
func (k *Kick) Kind() string { return TypeKick }

// Doer implements Deed.
func (k *Kick) Doer() Person { return k.By }

func (k *Kick) check() error {
	if err := k.By.check("by"); err != nil {
		return err
	}
	return k.Who.check("who")
}
