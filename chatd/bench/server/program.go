package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
)

// Build builds the programs that the suite starts into dir.
func Build(ctx context.Context, dir string) error {
	// By their import paths: from any folder of the module.
	cmd := exec.CommandContext(ctx, "go", "build", "-o", dir+string(filepath.Separator), "warren/chatd", "warren/chatd/bench/floor", "warren/chatd/bench/perqueue")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the servers: %w\n%s", err, out)
	}
	return nil
}

// A program is a server process on a port of its own. It dies with this one.
type program struct {
	addr  string
	log   string
	pid   int
	ended chan struct{}
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
	p := &program{addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), ended: make(chan struct{})}
	p.log = fmt.Sprintf("%s-%d.log", bin, port)
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own
	cmd := exec.Command(bin, append([]string{"-listen", p.addr}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		// Pdeathsig comes when the thread ends that started the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.ended)
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(bin), err)
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
		case <-p.ended:
			text, _ := os.ReadFile(p.log)
			return fmt.Errorf("%s has ended: %s", p.log, text)
		case <-ctx.Done():
			return fmt.Errorf("start %s: %w", p.log, context.Cause(ctx))
		case <-again.C:
		}
	}
}

// stop asks the program to end, and kills it if it does not.
func (p *program) stop() {
	syscall.Kill(p.pid, syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		syscall.Kill(p.pid, syscall.SIGKILL)
		<-p.ended
	}
}
