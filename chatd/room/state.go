package room

import (
	"encoding/json"
	"slices"

	"warren/chatd/chat"
)

// State is how the room is set up, for everyone. It is immutable. Its JSON is
// that of docs/protocol.md.
type State struct {
	Title      string       `json:"title,omitempty"` // empty: the one in the settings
	Pin        *chat.Pinned `json:"pin,omitempty"`
	Slow       int          `json:"slow,omitempty"` // seconds
	Locked     bool         `json:"locked,omitempty"`
	Off        bool         `json:"off,omitempty"`
	Notice     string       `json:"notice,omitempty"`
	NoPictures bool         `json:"no_pictures,omitempty"`
	Erased     bool         `json:"erased,omitempty"`
	Clocks     Clocks       `json:"clocks,omitempty"`
}

// Clocks says when boots began. Its JSON is {"<boot>": unix milliseconds, …}.
type Clocks []chat.BootClock

// MarshalJSON implements json.Marshaler.
func (c Clocks) MarshalJSON() ([]byte, error) {
	began := make(map[string]int64, len(c))
	for _, b := range c {
		began[b.Boot] = b.Began
	}
	return json.Marshal(began)
}

// HostState is what hosts know of the room besides. It is immutable. Its JSON is
// that of docs/protocol.md.
type HostState struct {
	Muted []chat.Person `json:"muted"`
	Words []string      `json:"words"`
	Deeds []chat.Done   `json:"deeds"` // the last chat.MaxDone, oldest first

	// Unknown is the offset before which hosts may have done what is forgotten: the
	// log does not go back further. 0: nothing is.
	Unknown int64 `json:"unknown,omitempty"`
}

// publish makes what others see of the state. While the log is being read they see what
// they saw before: what the rest of it will make of the room is not known. r.mu is held.
func (r *Room) publish() {
	if !r.loading {
		r.state, r.hosts = seen(r.fold.State())
	}
}

// seen is a state as it is told to everyone, and to hosts.
func seen(s chat.State) (*State, *HostState) {
	return &State{s.Title, s.Pin, s.Slow, s.Locked, s.Off, s.Notice, s.NoPictures, s.Erased, slices.Clone(s.Clocks)}, &HostState{
		Muted:   append([]chat.Person{}, s.Muted...),
		Words:   append([]string{}, s.Words...),
		Deeds:   append([]chat.Done{}, s.Deeds...),
		Unknown: s.Unknown,
	}
}

// State returns how the room is set up now.
func (r *Room) State() *State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Host returns what hosts know of the room now.
func (r *Room) Host() *HostState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hosts
}

// Muted reports whether the person with that id is muted.
func (r *Room) Muted(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, muted := r.fold.Muted(id)
	return muted
}

// Kicked reports whether the person with that id was sent out less than
// chat.KickTime ago.
func (r *Room) Kicked(id string) bool {
	now := r.clock()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fold.Kicked(id, now)
}

// Known reports whether the log has been read to its end. Until then it is not known
// who is muted or kicked, what is hidden, or whether the room is locked: nothing is
// shown, and what is said is refused.
func (r *Room) Known() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.loading
}

// Epoch returns the name of the log, "" as long as Known is false.
func (r *Room) Epoch() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loading {
		return ""
	}
	return r.epoch
}

// Erased returns the epoch of the log if it is what an erasure has left, "" if it
// is not, or as long as Known is false.
func (r *Room) Erased() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loading || !r.state.Erased {
		return ""
	}
	return r.epoch
}

// Unwanted reports whether a text has a word that the hosts do not want.
func (r *Room) Unwanted(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fold.Unwanted(text)
}
