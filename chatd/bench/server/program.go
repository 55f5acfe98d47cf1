package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/process"
)

// Build builds the programs that the suite starts into dir.
func Build(ctx context.Context, dir string) error {
	return process.Build(ctx, dir, false, process.Chatd, "warren/chatd/bench/floor", "warren/chatd/bench/perqueue")
}

// A program is a server process on a port of its own. It dies with this one.
type program struct {
	*process.Process
	addr string
	log  string
}

// startTime is how long a server may take until it answers.
const startTime = 30 * time.Second

// start starts bin with -listen and args, its output in a file beside it, and
// returns when it listens.
func start(ctx context.Context, bin string, env []string, args ...string) (*program, error) {
	port, err := node.FreePort()
	if err != nil {
		return nil, err
	}
	p := &program{addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	p.log = fmt.Sprintf("%s-%d.log", bin, port)
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own
	cmd := exec.Command(bin, append([]string{"-listen", p.addr}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	if p.Process, err = process.Start(cmd); err != nil {
		return nil, err
	}
	if err := p.listens(ctx); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// listens returns when a connection can be made.
func (p *program) listens(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, errors.New("it does not listen"))
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.Ended:
			text, _ := os.ReadFile(p.log)
			return fmt.Errorf("%s has ended: %s", p.log, text)
		case <-ctx.Done():
			return fmt.Errorf("start %s: %w", p.log, context.Cause(ctx))
		case <-again.C:
		}
	}
}

func (p *program) stop() { p.Stop(5 * time.Second) }
