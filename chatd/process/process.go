// Package process runs programs for tests, for the benchmark and for tools: they
// die with whoever started them, whatever it dies of.
package process

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Process is one run of a program. Its methods may be called concurrently.
type Process struct {
	PID   int
	Ended <-chan struct{} // closed when it has ended and was waited for

	cmd *exec.Cmd
}

// Start starts cmd, in a process group of its own: Ctrl-C in a terminal is for
// the command that started it, which still has to say goodbye to it.
func Start(cmd *exec.Cmd) (*Process, error) { return start(cmd, func() error { return nil }) }

// StartPinned is Start on one processor, the last of those that this process may
// use, with all the threads that the program will have.
func StartPinned(cmd *exec.Cmd) (*Process, error) { return start(cmd, pin) }

// start starts cmd from a thread of its own, after before was called there.
func start(cmd *exec.Cmd, before func() error) (*Process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// Pdeathsig comes when the thread that started the child ends, not the
		// process: so this thread must last as long as the child does. It ends
		// with this goroutine, which never unlocks it, for it may be pinned.
		runtime.LockOSThread()
		err := before()
		if err == nil {
			err = cmd.Start()
		}
		started <- err
		if err == nil {
			cmd.Wait()
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	return &Process{PID: cmd.Process.Pid, Ended: ended, cmd: cmd}, nil
}

// pin binds this thread, and what it starts, to one processor.
func pin() error {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return fmt.Errorf("ask for the processors: %w", err)
	}
	for cpu := 0; set.Count() > 1; cpu++ {
		set.Clear(cpu)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("bind to a processor: %w", err)
	}
	return nil
}

// Running reports whether the process has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.Ended:
		return false
	default:
		return true
	}
}

// How says how the process ended, once it has: "exit status 1".
func (p *Process) How() string { return p.cmd.ProcessState.String() }

// Signal sends sig to the process, and reports whether there was one: once it has
// ended, its id may be another's.
func (p *Process) Signal(sig syscall.Signal) bool {
	return p.Running() && syscall.Kill(p.PID, sig) == nil
}

// Kill ends the process and its group as a crash does (SIGKILL), and waits for
// its end.
func (p *Process) Kill() {
	if p.Running() {
		syscall.Kill(-p.PID, syscall.SIGKILL)
		<-p.Ended
	}
}

// Stop asks the process to end (SIGTERM), and waits for it. It reports whether it
// did within grace; if not, it is killed.
func (p *Process) Stop(grace time.Duration) bool {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.Ended:
		return true
	case <-time.After(grace):
		p.Kill()
		return false
	}
}
