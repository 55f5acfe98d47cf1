package main

import (
	"context"
	"encoding/json"
	"os"
	"time"
)

// onTrial reports whether the update daemon says, in the file path, that the
// system that runs is on trial. It says so long before RabbitMQ is up; on a
// machine without it, nothing is.
func onTrial(path string) bool {
	var s struct {
		OnTrial bool `json:"on_trial"`
	}
	b, err := os.ReadFile(path)
	return err == nil && json.Unmarshal(b, &s) == nil && s.OnTrial
}

// settle waits until RabbitMQ is well and the system that runs is not on trial:
// then there is no way back to be kept open. The copies of older data go, and
// RabbitMQ may enable its feature flags, which cannot be disabled.
func (l *life) settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-l.wellNow:
	}
	tick := time.NewTicker(l.times.poll)
	defer tick.Stop()
	for l.onTrial() {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	if err := removeCopies(l.container.data); err != nil {
		l.log.Error("the copy of what an older RabbitMQ has written cannot be removed", "error", err)
	}
	if err := l.container.allowFlags(); err != nil {
		l.log.Error("RabbitMQ cannot be told to enable its feature flags", "error", err)
	}
	return nil
}
