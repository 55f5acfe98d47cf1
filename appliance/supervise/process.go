// Package supervise runs one program and keeps its log: it dies with this
// process, is asked to end before it is made to, and can never hold this
// process up by writing.
package supervise

import (
	"context"
	"errors"
	"os/exec"
	"syscall"
	"time"
)

// drainTime is how long what a program has written may still be on its way
// when it has ended: a process it left behind may hold its output open for ever.
const drainTime = time.Second

// Program is what to run, and how to end it.
type Program struct {
	Path string
	Args []string

	// Log is called with each line of its output, from one goroutine. Slow or
	// not, it does not slow the program: lines that do not fit are dropped and
	// counted.
	Log func(line string)

	// Patience is how long it may take to end after SIGTERM.
	Patience time.Duration

	// Force ends what did not end with patience; then the program is killed.
	// It may be nil, for a program without children.
	Force func()
}

// ErrKilled is returned if the program did not end when asked to.
var ErrKilled = errors.New("it did not end when asked to and was killed")

// Run runs the program until it ends, and asks it to (SIGTERM) when ctx does.
// It returns nil if the program ended with exit code 0, or because it was asked
// to, whatever its exit code. If this process is killed, the program gets
// SIGTERM from the kernel.
func (p Program) Run(ctx context.Context) error {
	lines := newLines(p.Log)
	defer lines.close()
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Stdout, cmd.Stderr = lines, lines // one pipe for both
	cmd.WaitDelay = drainTime
	cmd.SysProcAttr = diesWithParent()
	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		// The signal comes when the thread that started the program ends, not
		// the process: so this thread must last as long as the program.
		defer lockThread()()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	select {
	case err := <-ended:
		if errors.Is(err, exec.ErrWaitDelay) {
			err = nil // exit code 0, and somebody else holds its output
		}
		return err
	case <-ctx.Done():
	}
	cmd.Process.Signal(syscall.SIGTERM)
	patience := time.NewTimer(p.Patience)
	defer patience.Stop()
	select {
	case <-ended:
		return nil
	case <-patience.C:
	}
	if p.Force != nil {
		p.Force()
	}
	cmd.Process.Kill()
	<-ended
	return ErrKilled
}
