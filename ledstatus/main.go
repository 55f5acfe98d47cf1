// Ledstatus blinks a light once for each message in the room, and shows by
// other patterns that the room cannot be reached. It listens on a queue of its
// own on the exchange, beside the chat daemon and without it.
package main

import (
	"context"
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
	lit, err := light.Open(o.light, stdout)
	if err != nil {
		fmt.Fprintf(stderr, "ledstatus: %v\n", err)
		return daemon.ExitUsage
	}
	logger := o.flags.Logger(light.Above(lit, stderr))
	err = show(ctx, o.broker, lit, logger)
	if closed := lit.Close(); closed != nil {
		logger.Warn("the light cannot be given back", "error", closed)
	}
	if ctx.Err() == nil {
		logger.Error("ledstatus ends", "error", err)
		return daemon.ExitError
	}
	return daemon.ExitOK
}

// show shows on lit what the exchange at url fans out, until ctx ends; then it
// returns ctx's error.
func show(ctx context.Context, url string, lit light.Light, logger *slog.Logger) error {
	lamp := blink.New(lit, logger)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return lamp.Run(ctx) })
	g.Go(func() error {
		return rabbitmq.Tap(ctx, url, logger,
			func(up bool) {
				if up {
					lamp.State(blink.OK)
				} else {
					lamp.State(blink.NoBroker)
				}
			},
			func(rec chat.Record) {
				if _, err := chat.MessageOf(rec); err == nil {
					lamp.Message()
				}
			})
	})
	return g.Wait()
}
