// Torture looks for broken promises in the manner of Jepsen: phones talk through
// two or three chatd on one RabbitMQ, all of them real, and a host moderates, while processes are killed and
// paused and links are cut, stalled and slowed, at random. Then it checks what
// every phone saw. It ends by itself, with 1 if a promise was broken.
//
//	go run ./chatd/torture -kills 100 -seed 7
//
// docs/torture.md says what is checked, and how.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	kills := flag.Int("kills", 100, "how many `KILLS`, with other trouble between them")
	seed := flag.Uint64("seed", 0, "replays the plan of that `SEED`; 0: WARREN_SEED, or a new one")
	daemons := flag.Int("chatd", 0, "how many `CHATD` there are, 2 or 3; 0: 2 if the seed is even, and 3 if not")
	race := flag.Bool("race", false, "build chatd with the race detector")
	flag.Parse()
	if *kills < 1 || *kills > 10_000 || *daemons != 0 && *daemons != 2 && *daemons != 3 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "torture: -kills must be from 1 to 10000, -chatd 0, 2 or 3, and nothing may follow the flags")
		os.Exit(2)
	}
	if *seed == 0 {
		var err error
		if *seed, err = seedFromEnv(); err != nil {
			fmt.Fprintln(os.Stderr, "torture:", err)
			os.Exit(2)
		}
	}
	if *daemons == 0 {
		*daemons = daemonsOf(*seed)
	}
	os.Exit(torture(Options{Kills: *kills, Seed: *seed, Daemons: *daemons, Race: *race, Progress: os.Stderr}))
}

// torture returns the exit code.
func torture(o Options) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeFor(o.Kills))
	defer cancel()
	fmt.Fprintf(o.Progress, "seed %d, %d kills, %d chatd\n", o.Seed, o.Kills, o.Daemons)
	report, err := Run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		return 1
	}
	report.Write(os.Stdout)
	if len(report.Faults) > 0 {
		return 1
	}
	return 0
}

// timeFor is how long a run may take: a kill takes some four seconds, and four
// times that on a machine that has other things to do.
func timeFor(kills int) time.Duration {
	return 3*time.Minute + time.Duration(kills)*16*time.Second
}

// daemonsOf is how many chatd the house of a seed has, if nobody says.
func daemonsOf(seed uint64) int { return 2 + int(seed%2) }

// seedFromEnv returns the seed in WARREN_SEED, or a new one.
func seedFromEnv() (uint64, error) {
	text := os.Getenv("WARREN_SEED")
	if text == "" {
		return rand.Uint64N(1e6), nil // short enough to be typed
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("WARREN_SEED is %.40q: it must be a whole number", text)
	}
	return seed, nil
}
