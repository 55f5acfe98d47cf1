package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"warren/appliance/hotspot/hostapd"
	"warren/appliance/hotspot/link"
	"warren/appliance/hotspot/radio"
	"warren/appliance/supervise"
)

// radioTime is how long a radio may take to show up once its driver is loaded.
// The driver gives up on a firmware after a few seconds.
const radioTime = 15 * time.Second

// safeChannel is allowed in every country.
const safeChannel = 6

// air is one life of the Wi-Fi: the radio made ready, and one run of hostapd.
func (h *hotspot) air(ctx context.Context, up func(remark string)) error {
	w := h.wifi
	kind, err := h.tune(ctx)
	if err != nil {
		return err
	}
	if w.Stations == 0 {
		w.Stations = kind.Stations
	}
	h.status.put(func(s *state) { s.Max = w.Stations })
	remark := ""
	if kind.OpenOnly && w.Passphrase != "" {
		remark = fmt.Sprintf("this board's radio (%s) is known not to work with a passphrase: phones join and hear nothing; with passphrase = \"\" in the settings the Wi-Fi is open and works", kind.Chip)
	}
	if err := link.SetAddresses(h.wifi.Interface, network, elsewhere); err != nil {
		return err
	}
	h.addressed()
	err = h.access(ctx, w, func() { up(remark) })
	if errors.Is(err, hostapd.ErrChannel) && w.Channel != safeChannel && ctx.Err() == nil {
		w.Channel = safeChannel
		remark = fmt.Sprintf("%v: channel %d is used", err, safeChannel)
		return h.access(ctx, w, func() { up(remark) })
	}
	return err
}

// tune makes the radio ready, and returns what it is good for.
func (h *hotspot) tune(ctx context.Context) (kind radio.Kind, err error) {
	if h.wifi.Driver != "nl80211" {
		return kind, nil
	}
	if err := h.driver.Load(); err != nil {
		return kind, err
	}
	err = link.Await(ctx, h.wifi.Interface, radioTime)
	switch {
	case errors.Is(err, link.ErrNone) && (h.recovery.seen || radio.HasDevice()):
		return kind, missing(h.wifi.Interface)
	case errors.Is(err, link.ErrNone):
		return kind, fmt.Errorf("this board has no Wi-Fi radio that Warren knows (there is no %s): guests can come by Ethernet, with an access point there and interface = \"eth0\" in the settings", h.wifi.Interface)
	case err != nil:
		return kind, err
	}
	h.recovery.seen = true
	// With the radio there: its driver passes the country on to the firmware.
	if err := radio.SetCountry(h.wifi.Country); err != nil {
		return kind, err
	}
	kind, firmware, err := radio.Look(h.wifi.Interface)
	h.log.Info("there is a radio", "interface", h.wifi.Interface, "firmware", firmware, "chip", kind.Chip)
	return kind, err
}

// access runs hostapd until it is not well any more.
func (h *hotspot) access(ctx context.Context, w hostapd.Config, up func()) error {
	text, err := w.Text()
	if err != nil {
		return err
	}
	file := filepath.Join(h.dir, "hostapd.conf")
	if err := writeFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write hostapd's configuration: %w", err)
	}
	line, err := h.command(h.hostapd, "hostapd")
	if err != nil {
		return err
	}
	var words hostapd.Words
	program := supervise.Program{
		Path: line[0], Args: append(line[1:], file), Patience: stopTime,
		Log: func(line string) { h.log.Debug("hostapd: " + words.Add(line)) },
	}
	guests := newGuests(h)
	begun := make(chan struct{})
	defer h.status.put(func(s *state) { s.Stations = 0 })
	watch := hostapd.Watch{Control: w.Control, Interface: w.Interface, Stations: guests.set, Up: func() {
		up()
		close(begun)
	}}
	started := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := program.Run(ctx)
		if ctx.Err() != nil {
			return err
		}
		return words.Why(w, err)
	})
	g.Go(func() error { return watch.Run(ctx) })
	if h.wifi.Driver == "nl80211" {
		g.Go(func() error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-begun:
				return radio.Watch{Interface: w.Interface}.Run(ctx)
			}
		})
	}
	err = g.Wait()
	h.recovery.ended(err, started, time.Now())
	return err
}

// guests are the phones that are on the radio.
type guests struct {
	*hotspot
	salt [16]byte
	in   map[string]bool
}

func newGuests(h *hotspot) *guests {
	g := &guests{hotspot: h}
	rand.Read(g.salt[:])
	return g
}

// set notes who is in.
func (g *guests) set(in map[string]bool) {
	joins := 0
	for a := range in {
		if !g.in[a] {
			joins++
			g.log.Info("a phone has joined the Wi-Fi", "phone", g.alias(a), "stations", len(in))
		}
	}
	for a := range g.in {
		if !in[a] {
			g.log.Info("a phone has left the Wi-Fi", "phone", g.alias(a), "stations", len(in))
		}
	}
	g.in = in
	g.status.put(func(s *state) { s.Stations, s.Joins = len(in), s.Joins+joins })
}

// alias stands for a phone in the log. A hardware address would tell whose phone
// was here; this tells only that it is the same as a few lines above.
func (g *guests) alias(address string) string {
	sum := sha256.Sum256(append(g.salt[:], address...))
	return hex.EncodeToString(sum[:3])
}
