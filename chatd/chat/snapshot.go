package chat

import (
	"encoding/json"
	"strconv"
)

// Snapshot is a daemon's: what the records up to an offset have made of the room,
// so that a daemon which reads only the end of the log knows it.
type Snapshot struct {
	Upto   int64   `json:"upto"` // -1: of a log that begins with it
	State  State   `json:"state"`
	Memory *Memory `json:"memory,omitempty"` // nil: of a version that had none
}

// Memory is what package fold remembers of the last records, to judge the next ones.
type Memory struct {
	Time   int64    `json:"time"`             // log time, in milliseconds
	Boots  []Moment `json:"boots,omitempty"`  // the log time at which each boot began, oldest first
	Spoken []Moment `json:"spoken,omitempty"` // in slow mode: by kind ("message", "edit") and person, when the last was; oldest first
	Recent []byte   `json:"recent,omitempty"` // the last records: see package fold
}

// ID is the id of the snapshot's record. It is the same for all daemons that
// make one of the same place.
func (s *Snapshot) ID() string { return "snapshot-" + strconv.FormatInt(s.Upto, 10) }

// Kind implements Deed.
func (s *Snapshot) Kind() string { return TypeSnapshot }

// Doer implements Deed.
func (s *Snapshot) Doer() Person { return Person{} }

func (s *Snapshot) check() error {
	s.State.Clean()
	return checkOffset("upto", max(s.Upto, 0))
}

// UnmarshalJSON implements json.Unmarshaler. As with a State, what is not
// understood is left out, alone.
func (s *Snapshot) UnmarshalJSON(raw []byte) error {
	*s = Snapshot{}
	var memory json.RawMessage
	if _, err := lenient(raw, map[string]any{"upto": &s.Upto, "state": &s.State, "memory": &memory}); err != nil {
		return err
	}
	if memory == nil {
		return nil
	}
	m := &Memory{}
	if _, err := lenient(memory, map[string]any{"time": &m.Time, "boots": &m.Boots, "spoken": &m.Spoken, "recent": &m.Recent}); err == nil {
		s.Memory = m
	}
	return nil
}
