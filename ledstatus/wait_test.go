package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"warren/ledstatus/light"
)

// A light that is missing is waited for, patiently and without filling the log.
func TestLateLight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		began, tries := time.Now(), 0
		open := func() (light.Light, error) {
			tries++
			if time.Since(began) < 10*time.Minute {
				return nil, errors.New("this machine has no such light")
			}
			return newWitness(t), nil
		}
		lit, err := await(t.Context(), open, slog.New(slog.NewTextHandler(&log, nil)))
		if lit == nil || err != nil {
			t.Fatalf("await = %v, %v", lit, err)
		}
		if took := time.Since(began); took > 10*time.Minute+lastRetry {
			t.Errorf("the light is found %v after it came", took-10*time.Minute)
		}
		if tries > 30 {
			t.Errorf("%d tries in ten minutes", tries)
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "no such light") || !strings.Contains(log.String(), "is there now") {
			t.Errorf("%d lines are logged:\n%s", n, &log)
		}
	})
}

func TestLateLightFirstTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		await(t.Context(), func() (light.Light, error) {
			if time.Since(began) < 2*time.Second {
				return nil, errors.New("not yet")
			}
			return newWitness(t), nil
		}, slog.New(slog.DiscardHandler))
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("a light that came after 2 s was found after %v", took)
		}
	})
}

func TestWaitingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Hour+time.Second)
		defer stop()
		began := time.Now()
		_, err := await(ctx, func() (light.Light, error) { return nil, errors.New("never") }, slog.New(slog.DiscardHandler))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > time.Hour+time.Second {
			t.Errorf("await ended after %v with %v", time.Since(began), err)
		}
	})
}
