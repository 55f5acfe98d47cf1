package main

import (
	"context"
	"log/slog"
	"time"

	"warren/ledstatus/light"
)

// A light may be missing for the first seconds after the power switch, until
// its driver is loaded; and for ever if the settings name the wrong one.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// await calls open until it succeeds, after a second, two, four and so on, and
// every 30 seconds in the end. It logs each error that is not the one before.
// It returns an error, ctx's, only when ctx ends.
func await(ctx context.Context, open func() (light.Light, error), logger *slog.Logger) (light.Light, error) {
	said := ""
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		lit, err := open()
		if err == nil {
			if said != "" {
				logger.Info("the light is there now")
			}
			return lit, nil
		}
		if err.Error() != said {
			said = err.Error()
			logger.Warn("there is no light yet; trying on", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}
