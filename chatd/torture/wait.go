package main

import (
	"context"
	"fmt"
	"time"
)

// pause waits, and returns ctx's error if that ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// until waits until what holds.
func until(ctx context.Context, patience time.Duration, what func(context.Context) bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %v", patience))
	defer cancel()
	for !what(ctx) {
		if pause(ctx, 20*time.Millisecond) != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}
