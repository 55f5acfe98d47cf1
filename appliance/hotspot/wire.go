package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"warren/appliance/hotspot/link"
	"warren/appliance/hotspot/rival"
)

var (
	// lookAgain is how often another DHCP server is looked for while guests are
	// served: somebody may plug a router in at any time.
	lookAgain = 5 * time.Minute

	// rivalPause is how long the card stays a guest itself before it looks
	// whether the other server is gone.
	rivalPause = time.Minute
)

var errUnplugged = errors.New("the cable was pulled out, or the access point is off")

// wire is one life of a network without a radio of the card's own: from the
// moment something is plugged in to the moment it is pulled out.
func (h *hotspot) wire(ctx context.Context, up func(remark string)) error {
	name := h.wifi.Interface
	if err := link.Up(name); err != nil {
		return err
	}
	if there, err := link.Carrier(name); err == nil && !there {
		h.status.set(partNetwork, starting, fmt.Sprintf("nothing is plugged into %s, or it is off: an access point belongs there", name))
	}
	if err := link.AwaitCarrier(ctx, name, true); err != nil {
		return err
	}
	if err := h.alone(ctx); err != nil {
		if errors.As(err, new(rivalError)) {
			h.status.set(partNetwork, failed, err.Error())
			h.beGuest(ctx)
		}
		return err
	}
	if err := link.SetAddresses(name, network, elsewhere); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := link.AwaitCarrier(ctx, name, false); err != nil {
			return err
		}
		return errUnplugged
	})
	g.Go(func() error {
		for {
			if err := sleep(ctx, lookAgain); err != nil {
				return err
			}
			if err := h.alone(ctx); err != nil {
				return err
			}
		}
	})
	g.Go(func() error { h.names(ctx); return nil })
	up("")
	return g.Wait()
}

// rivalError says that there is another DHCP server.
type rivalError string

func (e rivalError) Error() string { return string(e) }

// alone returns nil if there is no other DHCP server.
func (h *hotspot) alone(ctx context.Context) error {
	server, found, err := rival.Find(ctx, h.wifi.Interface)
	if err != nil || !found {
		return err
	}
	return rivalError(fmt.Sprintf("on %s there is a DHCP server already, at %v: Warren hands out no addresses beside it; plug in an access point whose own DHCP server is off, and nothing else, or set interface = \"wlan0\"", h.wifi.Interface, server))
}

// beGuest has the card ask for an address of its own, as it does on an Ethernet
// port without guests, and returns after a while. So the chat can be reached in
// the network of whoever has set this by mistake.
func (h *hotspot) beGuest(ctx context.Context) {
	if h.uplink != h.wifi.Interface {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, rivalPause)
	defer cancel()
	h.client().Run(ctx)
}
