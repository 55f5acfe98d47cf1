// Ledstatus blinks a light once for each message in the room, and shows by
// other patterns that the room cannot be reached or its settings have mistakes.
// It listens on a queue of its own on the exchange, beside the chat daemon and
// without it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"golang.org/x/sync/errgroup"

	"warren/chatd/chat"
	"warren/chatd/daemon"
	"warren/chatd/fanout/rabbitmq"
	"warren/ledstatus/blink"
	"warren/ledstatus/light"
)

func main() { daemon.Main(run) }

// run is the program: it returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	o, exit, ok := parse(args, stdout, stderr)
	if !ok {
		return exit
	}
	lit, err := o.open(ctx, stdout, stderr)
	if err != nil {
		o.flags.Ended(err)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return daemon.ExitOK
	case err != nil:
		fmt.Fprintf(stderr, "ledstatus: %v\n", err)
		return daemon.ExitUsage
	}
	logger := o.flags.Logger(light.Above(lit, stderr))
	if err = o.flags.Become(o.user); err == nil {
		err = show(ctx, o, lit, logger)
	}
	o.flags.Ended(err)
	if closed := lit.Close(); closed != nil {
		logger.Warn("the light cannot be given back", "error", closed)
	}
	if !errors.Is(err, context.Canceled) {
		logger.Error("ledstatus ends", "error", err)
		return daemon.ExitError
	}
	return daemon.ExitOK
}

// open opens the light. If it shall wait for it, only the end of ctx is an error.
func (o *options) open(ctx context.Context, stdout, stderr *os.File) (light.Light, error) {
	logger := o.flags.Logger(stderr)
	told := stateFile{o.run, logger}
	told.looking(nil)
	open := func() (light.Light, error) {
		lit, err := light.Open(o.light, stdout)
		if err != nil {
			told.looking(err)
		} else {
			told.open(o.light)
		}
		return lit, err
	}
	if o.wait {
		return await(ctx, open, logger)
	}
	return open()
}

// show shows on lit what the exchange fans out, and what else there is to show,
// until ctx ends; then it returns ctx's error.
func show(ctx context.Context, o *options, lit light.Light, logger *slog.Logger) error {
	m := mood{lamp: blink.New(lit, logger), mistakes: o.mistakes}
	var said recent
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return m.lamp.Run(ctx) })
	g.Go(func() error {
		watch(ctx, o.hotspot, hotspotFailed, m.hotspot)
		return nil
	})
	g.Go(func() error {
		watch(ctx, o.run, supplyIsWeak, m.supply)
		return nil
	})
	g.Go(func() error {
		return rabbitmq.Tap(ctx, o.broker, logger, m.broker,
			func(rec chat.Record) {
				if _, err := chat.MessageOf(rec); err == nil && said.first(rec) {
					m.lamp.Message()
				}
			})
	})
	return g.Wait()
}
