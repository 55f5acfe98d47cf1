package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"

	"warren/appliance/update/trial"
)

// Limits of the door. One update needs one connection, and another for the
// status.
const (
	maxConnections = 16
	headerTime     = 10 * time.Second // for a request's headers, which are short
	headerBytes    = 4 << 10
	idleTime       = 10 * time.Second
	answerTime     = time.Second // for an answer to arrive, before a restart
)

// serve does what this start is for, and takes an update, until ctx ends or the
// machine restarts.
func serve(ctx context.Context, listen string, u *updater, d *door, r room, restart restarter) error {
	g, ctx := errgroup.WithContext(ctx)
	switch u.step {
	case trial.Try:
		g.Go(func() error { return u.try(ctx, r, restart) })
	case trial.GoBack:
		g.Go(func() error { return restart.plain(ctx) })
	}
	server := &http.Server{
		Handler: d.handler(), ReadHeaderTimeout: headerTime, MaxHeaderBytes: headerBytes, IdleTimeout: idleTime,
	}
	g.Go(func() error {
		// An update daemon that cannot listen does not prove itself: it ends,
		// and is started again, until the time of the trial is over.
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
		if err != nil {
			return fmt.Errorf("listen for updates: %w", err)
		}
		if err := server.Serve(netutil.LimitListener(l, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		select {
		case <-ctx.Done():
			server.Close()
			return nil
		case <-u.ready:
		}
		// The answer goes out before the machine goes down.
		stopping, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		server.Shutdown(stopping)
		time.Sleep(answerTime)
		return restart.trial(ctx)
	})
	return g.Wait()
}
