// Withcluster runs three chatd on a RabbitMQ cluster of three nodes, all on this
// machine, to be looked at while nodes are killed:
//
//	withcluster [-dir DIR] [-port PORT] [-rest TIME] CHATD
//
// It starts the nodes from the machine's rabbitmq-server package, and a chatd
// for each, at three ports in a row; the first one has a lamp. It says how to
// kill a node, and starts it again some time after. Ctrl-C ends it all.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// partTime is how long a chatd may take to end: it sees its guests out.
const partTime = 10 * time.Second

type options struct {
	dir   string
	port  int
	rest  time.Duration
	chatd string
}

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", "", "keep RabbitMQ's data and the logs in `DIR`; without it they are gone at the end")
	flag.IntVar(&o.port, "port", 8081, "the `PORT` of the first chatd; the others have the next two")
	flag.DurationVar(&o.rest, "rest", 20*time.Second, "the `TIME` after which a node that was killed is started again")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: withcluster [-dir DIR] [-port PORT] [-rest TIME] CHATD")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || o.port < 1 || o.port > 65533 {
		flag.Usage()
		os.Exit(exitUsage)
	}
	o.chatd = flag.Arg(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, o); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "withcluster:", err)
		os.Exit(exitFailed)
	}
}

// run runs all of it until ctx ends or a chatd does.
func run(ctx context.Context, o options) error {
	logs := o.dir
	if logs == "" {
		var err error
		if logs, err = os.MkdirTemp("", "warren-chatd-"); err != nil {
			return err
		}
		defer os.RemoveAll(logs)
	}
	fmt.Println("Three RabbitMQ nodes are starting.")
	cluster, err := node.StartCluster(ctx, o.dir)
	if err != nil {
		return err
	}
	defer cluster.Stop()
	ctx, end := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait() // before the cluster: what was said at last gets there
	defer end(nil)

	fmt.Println("Each chatd has a node of its own, and goes to another one when that dies:")
	for i, n := range cluster.Nodes {
		fmt.Printf("  http://localhost:%d/  node %d, which dies of: kill -9 %d\n", o.port+i, i+1, n.Pid())
		out, errs := io.Writer(os.Stdout), io.Writer(os.Stderr)
		light := "terminal"
		if i > 0 {
			log, err := os.Create(filepath.Join(logs, fmt.Sprintf("chatd-%d.log", i+1)))
			if err != nil {
				return err
			}
			defer log.Close()
			out, errs, light = log, log, "none"
		}
		cmd := exec.CommandContext(ctx, o.chatd, "-listen", ":"+strconv.Itoa(o.port+i), "-light", light)
		cmd.Env = append(os.Environ(), "WARREN_BROKER="+cluster.URLs(i))
		cmd.Stdout, cmd.Stderr = out, errs
		wg.Go(func() { end(watch(cmd)) })
		wg.Go(func() { keep(ctx, n, i+1, o.rest) })
	}
	fmt.Printf("A node that was killed starts again after %v. Ctrl-C ends it all.\n\n", o.rest)
	<-ctx.Done()
	return context.Cause(ctx)
}

// watch runs a chatd, which dies with this process, and says how it ended.
func watch(cmd *exec.Cmd) error {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = partTime
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// Pdeathsig comes when the thread ends that started the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Run()
	if err == nil {
		err = errors.New("it was told to")
	}
	return fmt.Errorf("%v has ended: %w", cmd.Args, err)
}

// keep starts a node again, rest after it has died, until ctx ends.
func keep(ctx context.Context, n *node.Node, number int, rest time.Duration) {
	for {
		if ended := n.Ended(); ended != nil {
			select {
			case <-ctx.Done():
				return
			case <-ended:
			}
		}
		fmt.Printf("Node %d is dead. It starts again in %v.\n", number, rest)
		select {
		case <-ctx.Done():
			return
		case <-time.After(rest):
		}
		// Without a second node it does not come up, and is tried again.
		begin := time.Now()
		switch err := n.Restart(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil:
			fmt.Fprintf(os.Stderr, "Node %d does not start: %v\n", number, err)
		default:
			fmt.Printf("Node %d is up again after %v: kill -9 %d\n", number, time.Since(begin).Round(100*time.Millisecond), n.Pid())
		}
	}
}
