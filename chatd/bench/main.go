// Bench is the talk's unfinished benchmark: N clients connect to a chat server,
// wait for the signal, send M messages each, and receive all.
//
//	go run ./chatd/bench -url ws://localhost:8081/websocket -clients 100
//
// docs/benchmark.md says how it measures, and what was measured.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"warren/chatd/bench/load"
	"warren/chatd/bench/report"
	"warren/chatd/bench/suite"
)

func main() {
	load.Part()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(bench(ctx, os.Args[1:]))
}

// bench returns the exit code: 1 if something was lost, repeated or out of
// order, or if it could not run; 2 if it was called in a wrong way.
func bench(ctx context.Context, args []string) int {
	var o load.Options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.Usage = func() {
		fmt.Fprintln(f.Output(), "usage: bench -url URL [flags]: N clients send M messages each, and receive all")
		f.PrintDefaults()
	}
	urls := f.String("url", "", "`URL` of the chat server's WebSocket, such as ws://localhost:8081/websocket; several, with commas between, are one room")
	f.StringVar(&o.Protocol, "protocol", "warren", "the `PROTOCOL`: "+strings.Join(load.Protocols, ", "))
	f.StringVar(&o.Destination, "destination", load.StompDestination, "where STOMP clients send to and subscribe")
	f.IntVar(&o.Clients, "clients", 100, "how many `CLIENTS` connect and receive")
	f.IntVar(&o.Senders, "senders", 0, "how many of them send; 0: all")
	f.IntVar(&o.Messages, "messages", 100, "how many `MESSAGES` each of them sends")
	f.IntVar(&o.Size, "size", 100, fmt.Sprintf("`BYTES` of a message, from %d", load.MinSize))
	f.Float64Var(&o.Rate, "rate", 0, "messages a second of each sender; 0: as fast as it can")
	f.IntVar(&o.Window, "window", 0, "how many of its own messages a client has on their way, at most; 0: 8000 ÷ senders")
	f.IntVar(&o.Processes, "processes", 0, "client processes; 0: one for each 2,000 clients")
	f.DurationVar(&o.Quiet, "quiet", 10*time.Second, "give up when nothing came for so long")
	all := f.Bool("suite", false, "instead: start all servers, compare them, and write the report; make bench does it")
	quick := f.Bool("quick", false, "with -suite: a look, in two minutes")
	longest := f.Duration("longest", 0, "with -suite: leave out what would take longer; 0: two minutes, or ten seconds with -quick")
	version := f.String("version", "development", "with -suite: the commit that is measured")
	dir := f.String("o", "", "with -suite: the `FOLDER` for the report; empty: docs, or build/bench with -quick")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if f.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench: %.50q is not a flag: flags begin with -\n", f.Arg(0))
		return 2
	}
	if *all {
		if *dir == "" && *quick {
			*dir = "build/bench"
		} else if *dir == "" {
			*dir = "docs"
		}
		return compare(ctx, suite.Options{Quick: *quick, Longest: *longest, Progress: os.Stderr, Version: *version}, *dir)
	}
	if *urls != "" {
		o.URLs = strings.Split(*urls, ",")
	}
	r, err := load.Run(ctx, o, nil, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	r.Write(os.Stdout)
	if !r.Whole() {
		return 1
	}
	return 0
}

// compare runs the suite and writes its report into dir. It returns the exit
// code: a target that is missed is no failure of the benchmark.
func compare(ctx context.Context, o suite.Options, dir string) int {
	r, err := suite.Run(ctx, o)
	if err == nil {
		err = r.Write(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	r.Markdown(os.Stdout)
	fmt.Fprintf(os.Stderr, "written: %s, %s and charts, in %s\n", report.PageName, report.JSONName, dir)
	return 0
}
