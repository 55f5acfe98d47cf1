// Soak sends guests by the thousand through a chatd of its own, in and out of the
// room in all the ways in which phones come and go, and looks whether anything
// of them stays behind: goroutines, connections, memory. It ends by itself,
// with 1 if something did.
//
//	go run ./chatd/soak -sessions 100000
//	go run ./chatd/soak -sessions 100000 -rabbitmq
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	sessions := flag.Int("sessions", 100_000, "how many `SESSIONS`")
	rabbit := flag.Bool("rabbitmq", false, "on a RabbitMQ of its own, instead of the exchange in process")
	race := flag.Bool("race", false, "build chatd with the race detector")
	flag.Parse()
	if *sessions < 2*firstSessions || *sessions > 10_000_000 || flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "soak: -sessions must be from %d to 10000000, and nothing may follow the flags\n", 2*firstSessions)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	report, err := Run(ctx, Options{Sessions: *sessions, RabbitMQ: *rabbit, Race: *race, Fill: true, Rest: time.Minute, Progress: os.Stderr})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
	report.Write(os.Stdout)
	if len(report.Left) > 0 {
		os.Exit(1)
	}
}
