package node

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"warren/chatd/process"
)

// spawn starts the VM of a node at a place, with its output in log. If this
// process is killed, so is the VM; its helpers end by themselves when their pipe
// to it closes.
func spawn(in install, dir string, at place, o Options, log *os.File) (*process.Process, error) {
	cmd := exec.Command(filepath.Join(in.runtime, "erlexec"), append(in.args(at), o.Args...)...)
	cmd.Env = in.env(dir, at)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	if o.Pinned {
		return process.StartPinned(cmd)
	}
	return process.Start(cmd)
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

// killAll ends the VM and its helpers, and returns when they are gone. Killed
// alone, the VM would leave erl_child_setup and inet_gethost to notice.
func killAll(vm *process.Process) {
	// The helpers are not our children, and may outlive the VM. While one is
	// there the group's id cannot be given to another.
	syscall.Kill(-vm.PID, syscall.SIGKILL)
	<-vm.Ended
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if syscall.Kill(-vm.PID, syscall.SIGKILL) != nil {
			return
		}
	}
}
