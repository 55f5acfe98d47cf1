package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"warren/appliance/hotspot/firewall"
	"warren/appliance/hotspot/link"
	"warren/appliance/hotspot/radio"
	"warren/appliance/hotspot/uplink"
	"warren/appliance/sealed"
	"warren/appliance/settings"
	"warren/appliance/supervise"
)

// The card's addresses among guests. The second is what all names but the card's
// own mean: see dnsmasq.Config.Elsewhere. It is of TEST-NET-1 (RFC 5737), which
// nobody has.
var (
	network   = netip.MustParsePrefix("10.1.1.1/24")
	elsewhere = netip.MustParsePrefix("192.0.2.1/32")
)

// stopTime is how long hostapd and dnsmasq may take to end. They take 0.1 s.
const stopTime = 3 * time.Second

// hotspot is the daemon.
type hotspot struct {
	*options
	dir    string // folder of our own in /run
	log    *slog.Logger
	status *status
	radio  bool // guests are on a radio

	driver   *radio.Driver
	recovery recovery

	addressed func() // is called when the card's addresses are there

	mounting sync.Mutex // hostapd and dnsmasq start at the same time
}

func newHotspot(o *options, log *slog.Logger) (*hotspot, error) {
	h := &hotspot{options: o, log: log, dir: filepath.Join(o.run, "hotspot"), recovery: newRecovery()}
	if err := os.MkdirAll(h.dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder for what hostapd and dnsmasq read: %w", err)
	}
	var err error
	if h.driver, err = o.driver(); err != nil {
		return nil, err
	}
	h.radio = o.wifi.Driver != "nl80211" || link.IsRadio(o.wifi.Interface)
	h.status = newStatus(filepath.Join(o.run, "hotspot.state"), o.wifi.Name, o.wifi.Interface, log)
	return h, nil
}

// run keeps all parts of the hotspot going until ctx ends.
func (h *hotspot) run(ctx context.Context) error {
	var g errgroup.Group
	defer g.Wait()
	if err := link.StrictARP(); err != nil {
		h.log.Warn("the card may answer for 10.1.1.1 in the network on its Ethernet port", "error", err)
	}
	// Somebody who looks after the card by Ethernet should reach it even if all
	// else fails. Where guests are, the client's turn is when they cannot be
	// served: see wire.
	if h.uplink != "" && !link.IsPartOf(h.uplink, h.wifi.Interface) {
		h.start(ctx, &g, h.client().Run)
	}
	if err := h.closeDoors(ctx); err != nil {
		return err
	}
	if h.radio {
		// What gives addresses goes on while hostapd starts again.
		var once sync.Once
		h.addressed = func() { once.Do(func() { h.start(ctx, &g, h.names) }) }
		h.start(ctx, &g, func(ctx context.Context) { h.again(ctx, partNetwork, h.airOrReload) })
	} else {
		h.start(ctx, &g, func(ctx context.Context) { h.again(ctx, partNetwork, h.wire) })
	}
	return g.Wait()
}

func (h *hotspot) start(ctx context.Context, g *errgroup.Group, f func(context.Context)) {
	g.Go(func() error { f(ctx); return nil })
}

func (h *hotspot) client() uplink.Client {
	return uplink.Client{Program: h.dhcp, Interface: h.uplink, Log: h.log}
}

// closeDoors sets the firewall, and returns when it is set: until then nothing
// is done that lets a guest in.
func (h *hotspot) closeDoors(ctx context.Context) error {
	var wait supervise.Backoff
	for {
		err := firewall.Set(h.rules())
		if err == nil {
			h.status.set(partFirewall, up, "")
			return nil
		}
		h.status.set(partFirewall, failed, err.Error())
		// It may be on from an earlier life.
		if err := link.Down(h.wifi.Interface); err != nil {
			h.log.Debug("the guests' interface is not switched off", "error", err)
		}
		if err := sleep(ctx, wait.Pause()); err != nil {
			return err
		}
	}
}

// rules are those of the settings. Guests do not reach the port for updates unless
// these say so, also where they and the host are on the same wire.
func (h *hotspot) rules() firewall.Rules {
	return firewall.Rules{
		Guests:       h.wifi.Interface,
		Updates:      h.updates,
		DropInternet: h.internet == settings.InternetDrop,
	}
}

// again has a part live again and again until ctx ends. up is to be called when
// it is well, with what is not as the settings say, if so. A life that ends
// without an error is followed by the next at once.
func (h *hotspot) again(ctx context.Context, p part, life func(ctx context.Context, up func(remark string)) error) {
	var wait supervise.Backoff
	for {
		err := life(ctx, func(remark string) {
			wait.Reset()
			h.status.set(p, up, remark)
		})
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			continue
		}
		h.status.set(p, failed, err.Error())
		if sleep(ctx, wait.Pause()) != nil {
			return
		}
	}
}

// command returns how a program is started: another one, or the sealed one by
// the loader that is sealed with it, since the device has no C library.
func (h *hotspot) command(other, name string) ([]string, error) {
	if other != "" {
		return []string{other}, nil
	}
	img := filepath.Join(h.dir, "img")
	h.mounting.Lock()
	defer h.mounting.Unlock()
	if err := sealed.Mount(h.image, img); err != nil {
		return nil, err
	}
	lib, bin := filepath.Join(img, "lib"), filepath.Join(img, "bin", name)
	loader, _ := filepath.Glob(filepath.Join(lib, "ld-linux*"))
	if len(loader) == 0 {
		return nil, fmt.Errorf("%s has no loader in lib/: build the image again", h.image)
	}
	return []string{loader[0], "--library-path", lib, bin}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
