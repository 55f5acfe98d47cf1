// Image builds the card: see the text of its -h, and docs/image.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"warren/chatd/daemon"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run is the program: it returns its exit code.
func run(ctx context.Context, args []string) int {
	syscall.Umask(0o022) // what we make is what the device reads
	o, err := parse(args, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		return 2
	}
	b, err := newBuilder(ctx, o, os.Stdout)
	if err == nil {
		b.terminal = daemon.IsTerminal(os.Stdout)
		if o.updateLock {
			err = b.updateLock(ctx)
		} else {
			err = b.build(ctx)
		}
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted: nothing was written")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		return 1
	}
	return 0
}
