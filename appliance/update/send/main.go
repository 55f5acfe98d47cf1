// Send sends a new system to a card, over the network, and says what became of
// it:
//
//	send [-root FILE] [-trial TIME] HOST
//
// It asks for the host's code, or takes it from the environment, as
// WARREN_HOST_CODE. It exits with 0 if the card runs the new system, with 1 if
// it runs the old one, and with 2 if it was called in a wrong way.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"warren/appliance/update/trial"
)

// codeVariable is the environment variable of the host's code: a flag could be
// read by everybody on this machine.
const codeVariable = "WARREN_HOST_CODE"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdin *os.File, stdout *os.File, stderr io.Writer) int {
	f := flag.NewFlagSet("send", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintf(stderr, "usage: send [flags] HOST\n\nHOST is the card's name or address, such as 10.0.0.7. The host's code is asked\nfor, or taken from %s.\n", codeVariable)
		f.PrintDefaults()
	}
	file := f.String("root", "build/warren.img.root", "send `FILE`, the root file system that make image leaves beside the image")
	trialTime := f.Duration("trial", trial.DefaultTime, "the `TIME` in which the new system must prove itself")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if f.NArg() != 1 || f.Arg(0) == "" {
		f.Usage()
		return 2
	}
	if *trialTime < trial.LeastTime || *trialTime > trial.MostTime || *trialTime%time.Second != 0 {
		fmt.Fprintf(stderr, "send: -trial is %v: it must be whole seconds, from %v to %v\n", *trialTime, trial.LeastTime, trial.MostTime)
		return 2
	}
	c := newCard(f.Arg(0))
	if err := send(ctx, c, *file, *trialTime, func() (string, error) { return askCode(ctx, stdin, stderr) }, newTeller(stdout)); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("interrupted: http://%s/ says how the card is", c.address)
		}
		fmt.Fprintln(stderr, "send:", plain(err.Error()))
		return 1
	}
	return 0
}
