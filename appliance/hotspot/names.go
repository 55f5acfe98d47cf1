package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"warren/appliance/hotspot/dnsmasq"
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

// lend says that addresses are to be lent for another time.
type lend time.Duration

func (l lend) Error() string { return fmt.Sprintf("addresses are lent for %v now", time.Duration(l)) }

// serveNames runs dnsmasq until it is not well any more. For how long addresses
// are lent, dnsmasq learns when it starts, and from nothing else. It has the
// others' in its file, and is away for a tenth of a second.
func (h *hotspot) serveNames(ctx context.Context, up func(remark string)) error {
	lease := dnsmasq.LongLease
	for {
		err := h.lendFor(ctx, lease, up)
		var other lend
		if !errors.As(err, &other) || ctx.Err() != nil {
			return err
		}
		lease = time.Duration(other)
		h.log.Info("the addresses that are left have changed: dnsmasq starts again", "lease", lease)
	}
}

// lendFor runs dnsmasq until it is not well any more, or addresses are to be
// lent for another time, which is an error lend.
func (h *hotspot) lendFor(ctx context.Context, lease time.Duration, up func(remark string)) error {
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
	g.Go(func() error { return h.probe(ctx, leases, lease, up) })
	return g.Wait()
}

// probe watches dnsmasq and its leases. Without a radio they are the guests.
func (h *hotspot) probe(ctx context.Context, leases string, lease time.Duration, up func(remark string)) error {
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
			if next := dnsmasq.LeaseTime(lease, pool.Used); well && next != lease {
				return lend(next)
			}
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
