// Withnode runs a command with a RabbitMQ of its own:
//
//	withnode [-dir DIR] COMMAND ARG...
//
// It starts a node from the machine's rabbitmq-server package on a free
// loopback port, runs the command with the node's address in WARREN_BROKER, and
// stops the node when the command has ended. It exits with the command's code.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"warren/chatd/fanout/rabbitmq/node"
)

// Exit codes of our own, as a shell's.
const (
	exitUsage   = 2
	exitFailed  = 126 // no node
	exitNoStart = 127 // no command
	exitSignal  = 128 // plus the signal that ended the command
)

func main() {
	dir := flag.String("dir", "", "keep RabbitMQ's data in `DIR`; without it they are gone at the end")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: withnode [-dir DIR] COMMAND ARG...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(exitUsage)
	}
	os.Exit(run(*dir, flag.Args()))
}

func run(dir string, command []string) int {
	// Ctrl-C in a terminal reaches the command too, which is in our process
	// group: it is the one to end. Before there is a command it ends us.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan *exec.Cmd, 1)
	go func() {
		var cmd *exec.Cmd
		for {
			select {
			case cmd = <-started:
			case s := <-signals:
				switch {
				case cmd == nil:
					cancel()
				case s != syscall.SIGINT: // not from a terminal: to us alone
					cmd.Process.Signal(s)
				}
			}
		}
	}()

	n, err := node.Start(ctx, node.Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, "withnode:", err)
		return exitFailed
	}
	defer n.Stop()
	fmt.Fprintln(os.Stderr, "RabbitMQ is at", n.URL())
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "WARREN_BROKER="+n.URL())
	if ctx.Err() != nil {
		return exitSignal + int(syscall.SIGINT)
	}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "withnode:", err)
		return exitNoStart
	}
	started <- cmd
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return exitSignal + int(status.Signal())
		}
		return exit.ExitCode()
	}
	fmt.Fprintln(os.Stderr, "withnode:", err)
	return exitFailed
}
