package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"warren/appliance/hotspot/hostapd"
	"warren/appliance/hotspot/radio"
	"warren/appliance/supervise"
)

// errMissing is about a radio that the board has, and that has not shown up
// although its driver is loaded.
var errMissing = errors.New("the radio does not show up")

// missing is errMissing about an interface, with what the host can do. A radio that
// has never been there most likely misses its firmware, as one of the two of the
// Zero 2 W does; to begin anew does not help that.
func missing(name string) error {
	return fmt.Errorf("%w: there is no %s, although the board has a radio. Either it has failed, or this image has no firmware for it: guests can come by Ethernet, with an access point there and interface = \"eth0\" in the settings", errMissing, name)
}

const (
	// maxLives is how many lives of hostapd in a row may end before the radio is
	// taken for the cause. hostapd starts again after 1, 2 and 4 s, which cures
	// what is hostapd's own; phones are outside all that time.
	maxLives = 3

	// wellTime is how long hostapd must have lived for the radio to be well.
	wellTime = 10 * time.Minute

	// reloadTime is how long the driver may take to let go of the radio and to
	// begin anew. Of a firmware that does not answer it waits 2.5 s for each of
	// the some ten things that it wants to tell it before it goes.
	reloadTime = time.Minute

	// From one reload to the next there is a pause, at least. Each reload takes
	// all phones from the Wi-Fi for ten seconds or so, and is when the radio
	// takes most current: a card with a weak supply would only be pushed into
	// its next failure. So the pause doubles from a minute to half an hour,
	// until the radio has been well for wellTime. At worst these are seven
	// reloads in the first hour and two in each that follows. Between them
	// hostapd is tried every 30 s, as ever.
	minReloadPause = time.Minute
	maxReloadPause = 30 * time.Minute
)

// recovery decides when a radio that does not work has to begin anew. It belongs
// to one goroutine.
type recovery struct {
	seen  bool // the radio was there in this daemon's life
	lives int  // of hostapd, that have ended in a row
	pause supervise.Backoff
	next  time.Time // before that, the radio is left as it is
}

func newRecovery() recovery {
	return recovery{pause: supervise.Backoff{Min: minReloadPause, Max: maxReloadPause}}
}

// ended notes that hostapd has ended, by which error, and when it was started.
func (r *recovery) ended(err error, begun, now time.Time) {
	if now.Sub(begun) >= wellTime {
		r.lives = 0
		r.pause.Reset()
	}
	// A channel that the country forbids says nothing against the radio.
	if !errors.Is(err, hostapd.ErrChannel) {
		r.lives++
	}
}

// due returns why the radio has to begin anew after an error of air, or "".
func (r *recovery) due(err error, now time.Time) (why string) {
	switch {
	case now.Before(r.next):
		return ""
	case errors.Is(err, radio.ErrDead), errors.Is(err, errMissing):
		return err.Error()
	case r.lives >= maxLives:
		return fmt.Sprintf("hostapd has ended %d times in a row (%v)", r.lives, err)
	}
	return ""
}

// reloaded notes that the radio begins anew.
func (r *recovery) reloaded(now time.Time) {
	r.lives = 0
	r.next = now.Add(r.pause.Pause())
}

// airOrReload is one life of the Wi-Fi, and what has to be done about its radio
// when it has ended. It returns nil if the next life shall begin at once.
func (h *hotspot) airOrReload(ctx context.Context, up func(remark string)) error {
	err := h.air(ctx, up)
	why := h.recovery.due(err, time.Now())
	if ctx.Err() != nil || why == "" || h.wifi.Driver != "nl80211" {
		return err
	}
	h.status.set(partNetwork, failed, why+": its driver begins anew")
	h.recovery.reloaded(time.Now())
	// Not cut short by ctx: a driver that is half unloaded is of no use to who
	// comes after this process.
	reloading, cancel := context.WithTimeout(context.WithoutCancel(ctx), reloadTime)
	defer cancel()
	how, reloadErr := h.driver.Reload(reloading)
	if reloadErr != nil {
		reloadErr = fmt.Errorf("%s; its driver cannot begin anew: %w: if that does not change, pull the plug and put it in again", why, reloadErr)
		h.tellReload(reloadErr.Error())
		return reloadErr
	}
	h.tellReload(fmt.Sprintf("%s: %s", why, how))
	return nil
}

// tellReload has others know what was done about the radio, and why.
func (h *hotspot) tellReload(what string) {
	h.log.Warn("the radio begins anew", "what", what)
	h.status.put(func(s *state) {
		s.Reload, s.ReloadedAt = what, time.Now().Unix()
		s.Reloads++
	})
}
