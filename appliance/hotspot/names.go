package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"warren/appliance/hotspot/dnsmasq"
	"warren/appliance/hotspot/link"
	"warren/appliance/supervise"
)

// dnsmasq is asked every three seconds, and has two to answer. It may fail to
// three times in a row: while hostapd starts again it may have no interface.
const (
	probeEvery = 3 * time.Second
	probeTime  = 2 * time.Second
	maxSilent  = 3

	// startTime is how long it may take to begin. It takes 0.1 s; a radio may
	// take much longer, and before it is there nobody can ask.
	startTime = time.Minute
)

// names keeps dnsmasq running until ctx ends.
func (h *hotspot) names(ctx context.Context) {
	h.again(ctx, partNames, h.serveNames)
	h.status.set(partNames, starting, "") // dnsmasq is not there any more
}

// afresh says that a dnsmasq that is well has to start again.
type afresh struct {
	why   string
	lease time.Duration // for how long it is to lend addresses then
}

func (a afresh) Error() string { return a.why }

// serveNames runs dnsmasq until it is not well any more. What it has lent it
// finds in its file when it starts again, a tenth of a second later.
func (h *hotspot) serveNames(ctx context.Context, up func(remark string)) error {
	lease := dnsmasq.LongLease
	for {
		err := h.lend(ctx, lease, up)
		var again afresh
		if !errors.As(err, &again) || ctx.Err() != nil {
			return err
		}
		lease = again.lease
		h.log.Info("dnsmasq starts again", "why", again.why, "lease", lease)
	}
}

// lend runs dnsmasq until it is not well any more, or has to start again, which
// is an error afresh.
func (h *hotspot) lend(ctx context.Context, lease time.Duration, up func(remark string)) error {
	leases := filepath.Join(h.dir, "leases")
	text, err := dnsmasq.Config{
		Interface: h.wifi.Interface, Network: network, Elsewhere: elsewhere.Addr(),
		Leases: leases, LeaseTime: lease, User: h.user, Group: h.dnsGroup,
	}.Text()
	if err != nil {
		return err
	}
	file := filepath.Join(h.dir, "dnsmasq.conf")
	if err := writeFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write dnsmasq's configuration: %w", err)
	}
	line, err := h.command(h.dnsmasq, "dnsmasq")
	if err != nil {
		return err
	}
	index, _ := link.Index(h.wifi.Interface) // 0: it is still to come
	last := ""
	program := supervise.Program{
		Path: line[0], Args: append(line[1:], "--conf-file="+file), Patience: stopTime,
		Log: func(line string) {
			h.log.Debug("dnsmasq: " + line)
			last = line
		},
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := program.Run(ctx)
		switch {
		case ctx.Err() != nil:
			return err
		case err == nil:
			return errors.New("dnsmasq has ended by itself")
		}
		return fmt.Errorf("dnsmasq has ended: %w (it said last: %.200s)", err, last)
	})
	g.Go(func() error { return h.probe(ctx, leases, lease, index, up) })
	return g.Wait()
}

// probe watches dnsmasq and its leases. Without a radio they are the guests.
func (h *hotspot) probe(ctx context.Context, leases string, lease time.Duration, index int, up func(remark string)) error {
	begin, well, silent := time.Now(), false, 0
	for {
		asking, cancel := context.WithTimeout(ctx, probeTime)
		err := dnsmasq.Probe(asking, network.Addr())
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			well, silent = true, 0
			up("")
		case !well && time.Since(begin) > startTime:
			return err
		case well:
			if silent++; silent == maxSilent {
				return err
			}
		}
		pool, err := dnsmasq.ReadPool(leases, time.Now())
		if err != nil {
			h.log.Warn("the addresses that are lent cannot be counted", "error", err)
		} else {
			h.tellPool(pool)
			// It learns that when it starts, and from nothing else.
			if next := dnsmasq.LeaseTime(lease, pool.Used); well && next != lease {
				return afresh{"the addresses that are left have changed", next}
			}
		}
		// Its socket for DHCP is bound to the interface that it has found, and
		// hears nothing of another one of that name: a radio that began anew.
		if now, err := link.Index(h.wifi.Interface); err == nil && now != index {
			return afresh{"the guests' interface is another one", lease}
		}
		pause := probeEvery
		if !well {
			pause = 100 * time.Millisecond
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// tellPool has others know how many addresses are lent.
func (h *hotspot) tellPool(p dnsmasq.Pool) {
	h.status.put(func(s *state) {
		s.Leases, s.LeaseFreeAt = p.Used, 0
		if !p.Free.IsZero() {
			s.LeaseFreeAt = p.Free.Unix()
		}
		if !h.radio {
			s.Stations = p.Used
		}
	})
}
