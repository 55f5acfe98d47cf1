package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"sync"

	"github.com/google/renameio/v2"

	"warren/appliance/hotspot/dnsmasq"
)

// The states of the hotspot, and of each part of it.
const (
	starting = "starting" // not there yet
	up       = "up"       // guests can come
	failed   = "failed"   // it does not come up, or has died; it is tried again
)

// state is what the file hotspot.state holds, one JSON object.
type state struct {
	State string `json:"state"`

	// Why is a sentence for the host: why it failed, what it waits for, or, if
	// it is up, what is not as the settings say.
	Why string `json:"why,omitempty"`

	Name      string `json:"name"` // of the Wi-Fi
	Interface string `json:"interface"`

	// Stations are the phones on the radio. Without one they are the guests
	// that were given an address, and stay so for up to two hours after they
	// left.
	Stations int `json:"stations"`

	// Max is how many phones the radio takes, 0: not known. Full: it takes no
	// more.
	Max  int  `json:"max"`
	Full bool `json:"full"`

	// Joins counts how often a phone came, since the daemon was started; one
	// that comes again counts again.
	Joins int `json:"joins"`

	// Leases are the addresses that are lent to guests, also to such as have
	// left, and LeasesMax all that there are. LeaseFreeAt is when the next is
	// free again if its guest does not ask for longer, in seconds since 1970 by
	// the card's clock, which may be wrong; 0: none is lent.
	Leases      int   `json:"leases"`
	LeasesMax   int   `json:"leases_max"`
	LeaseFreeAt int64 `json:"lease_free_at,omitempty"`

	// Reload is a sentence: what was done to the radio that did not work any
	// more, and why. ReloadedAt is when, in seconds since 1970 by the card's
	// clock, which may be wrong. Reloads is how often something was done since
	// the daemon was started.
	Reload     string `json:"reload,omitempty"`
	ReloadedAt int64  `json:"reloaded_at,omitempty"`
	Reloads    int    `json:"reloads,omitempty"`
}

// A part of the hotspot has its own state.
type part string

const (
	partFirewall part = "firewall"
	partNetwork  part = "network" // the radio, or the Ethernet port
	partNames    part = "names"   // dnsmasq
)

// status tells the other daemons how the hotspot is. All its functions may be
// called at once.
type status struct {
	path string
	log  *slog.Logger

	mu    sync.Mutex
	now   state
	parts map[part]condition
}

// parts are all parts, each before those that cannot do without it.
var parts = []part{partFirewall, partNetwork, partNames}

type condition struct{ state, why string }

// severity is the order in which states count: the whole is as its worst part.
var severity = []string{up, starting, failed}

func newStatus(path, name, netInterface string, log *slog.Logger) *status {
	s := &status{path: path, log: log, parts: map[part]condition{}}
	for _, p := range parts {
		s.parts[p] = condition{state: starting}
	}
	s.put(func(now *state) { now.Name, now.Interface, now.LeasesMax = name, netInterface, dnsmasq.MaxGuests })
	return s
}

// set changes the state of a part.
func (s *status) set(p part, name, why string) {
	s.mu.Lock()
	was := s.parts[p]
	s.parts[p] = condition{name, why}
	s.mu.Unlock()
	switch {
	case was == (condition{name, why}):
	case name == failed:
		s.log.Error("a part of the hotspot has failed", "part", p, "why", why)
	case why != "" && name == starting:
		s.log.Warn("a part of the hotspot waits", "part", p, "why", why)
	case why != "":
		s.log.Warn("a part of the hotspot is not as the settings say", "part", p, "why", why)
	}
	s.put(func(*state) {})
}

// put changes what is told, and tells it if it is another.
func (s *status) put(change func(now *state)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now
	change(&now)
	now.State, now.Why = s.whole()
	now.Full = now.Max > 0 && now.Stations >= now.Max
	if now == s.now {
		return
	}
	if now.State != s.now.State {
		s.log.Info("the hotspot's state", "state", now.State)
	}
	if now.Full && !s.now.Full {
		s.log.Warn("the Wi-Fi is full", "stations", now.Stations, "max", now.Max)
	}
	if all := now.LeasesMax; all > 0 && now.Leases >= all && s.now.Leases < all {
		s.log.Warn("all addresses are lent: phones that come now get none", "leases", all)
	}
	s.now = now
	js, err := json.Marshal(now)
	if err == nil {
		err = writeFile(s.path, append(js, '\n'), 0o644)
	}
	if err != nil {
		s.log.Error("the state of the hotspot cannot be told", "error", err)
	}
}

// whole returns the state of the whole, and the first reason for it.
func (s *status) whole() (state, why string) {
	worst := 0
	for _, c := range s.parts {
		worst = max(worst, slices.Index(severity, c.state))
	}
	for _, p := range parts {
		if c := s.parts[p]; c.why != "" && c.state == severity[worst] {
			why = c.why
			break
		}
	}
	return severity[worst], why
}

// writeFile writes a file whole or not at all: a daemon may be reading.
func writeFile(path string, content []byte, mode os.FileMode) error {
	return renameio.WriteFile(path, content, mode, renameio.WithStaticPermissions(mode))
}
