package main

import (
	"context"
	"strings"
	"testing"
)

// shortKills is how many the short form has: about a minute's worth.
const shortKills = 10

// TestNothingLostNothingTwice is the short form of make torture. It prints its
// seed; WARREN_SEED replays one.
func TestNothingLostNothingTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	seed, err := seedFromEnv()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("WARREN_SEED=%d", seed)
	ctx, cancel := context.WithTimeout(t.Context(), timeFor(shortKills))
	defer cancel()
	report, err := Run(ctx, Options{Kills: shortKills, Seed: seed, Daemons: daemonsOf(seed), Progress: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	report.Write(&text)
	t.Log("\n" + text.String())
	if len(report.Faults) > 0 {
		t.Errorf("%d promises were broken", len(report.Faults))
	}
	if report.Ticked == 0 || report.Shown <= report.Ticked || report.Resumed == 0 || report.Hops == 0 {
		t.Error("this was no test: nobody talked, nobody came back, or nobody to the other chatd")
	}
}
