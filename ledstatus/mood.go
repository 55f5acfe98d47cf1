package main

import (
	"sync"

	"warren/ledstatus/blink"
)

// mood is what the lamp has to show besides messages: of all that is not well,
// the one that keeps most people from chatting. Its methods may be called
// concurrently.
type mood struct {
	lamp     *blink.Lamp
	mistakes int

	mu     sync.Mutex
	known  bool // the broker has been tried
	up     bool // and is reached
	noWiFi bool
	weak   bool // the power supply is too weak
}

func (m *mood) broker(up bool) { m.change(func() { m.known, m.up = true, up }) }

func (m *mood) hotspot(failed bool) { m.change(func() { m.noWiFi = failed }) }

func (m *mood) supply(weak bool) { m.change(func() { m.weak = weak }) }

func (m *mood) change(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
	switch {
	case !m.known: // it is starting, until somebody knows better
	case !m.up:
		m.lamp.State(blink.NoBroker)
	case m.noWiFi:
		m.lamp.State(blink.NoWiFi)
	case m.weak:
		m.lamp.State(blink.UnderVoltage)
	case m.mistakes > 0:
		m.lamp.State(blink.BadSettings)
	default:
		m.lamp.State(blink.OK)
	}
}
