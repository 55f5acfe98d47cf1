package chat

import (
	"fmt"
	"strconv"
)

// Snapshot is a daemon's: what the records up to an offset have made of the room,
// so that a daemon which reads only the end of the log knows it.
type Snapshot struct {
	Upto  int64 `json:"upto"`
	State State `json:"state"`
}

// ID is the id of the snapshot's record. It is the same for all daemons that
// make one of the same place.
func (s *Snapshot) ID() string { return "snapshot-" + strconv.FormatInt(s.Upto, 10) }

// Kind implements Deed.
func (s *Snapshot) Kind() string { return TypeSnapshot }

// Doer implements Deed.
func (s *Snapshot) Doer() Person { return Person{} }

func (s *Snapshot) check() error {
	if err := checkOffset("upto", s.Upto); err != nil {
		return err
	}
	if err := s.State.check(); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}
