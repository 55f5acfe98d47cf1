package node

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is one run of the Erlang VM.
type process struct {
	pid   int
	ended chan struct{} // closed when it has ended and was waited for
	how   string        // it ended; set before ended is closed
}

// spawn starts the VM of a node at a place, with more arguments than its own, and its output in log.
func spawn(in install, dir string, at place, more []string, log *os.File) (*process, error) {
	cmd := exec.Command(filepath.Join(in.runtime, "erlexec"), append(in.args(at), more...)...)
	cmd.Env = in.env(dir, at)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{
		// A group of its own: Ctrl-C in a terminal is for the command that
		// uses the node, which still has to say goodbye to it.
		Setpgid: true,
		// If this process is killed, so is the VM. Its helpers end by
		// themselves when their pipe to it closes.
		Pdeathsig: syscall.SIGKILL,
	}
	p := &process{ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Pdeathsig comes when the thread that started the child ends, not the
		// process: so this thread must last as long as the child does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		started <- nil
		cmd.Wait()
		p.how = cmd.ProcessState.String()
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// signal sends sig to the VM, unless it has ended: its id may then be
// another's.
func (p *process) signal(sig syscall.Signal) {
	select {
	case <-p.ended:
	default:
		syscall.Kill(p.pid, sig)
	}
}

// stopped reports whether all threads of the process pid are stopped.
func stopped(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return false
	}
	for _, thread := range threads {
		b, err := os.ReadFile(thread)
		// 4023 (beam.smp) T 4001 …: the name may hold anything.
		_, state, ok := strings.Cut(string(b[bytes.LastIndexByte(b, ')')+1:]), " ")
		if err == nil && ok && !strings.HasPrefix(state, "T") {
			return false
		}
	}
	return true
}

// kill ends the VM and its helpers, and returns when they are gone. Killed
// alone, the VM would leave erl_child_setup and inet_gethost to notice.
func (p *process) kill() {
	syscall.Kill(-p.pid, syscall.SIGKILL)
	<-p.ended
	// The helpers are not our children. While one is there the group's id
	// cannot be given to another.
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if syscall.Kill(-p.pid, syscall.SIGKILL) != nil {
			return
		}
	}
}
