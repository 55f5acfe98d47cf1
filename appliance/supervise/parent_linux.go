package supervise

import (
	"runtime"
	"syscall"
)

// diesWithParent has the kernel send SIGTERM to a program when the thread that
// started it ends. It stays in our group of processes: gokrazy starts us again
// when the whole group has ended, and so not beside a program that still runs.
func diesWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}

// lockThread keeps the goroutine on its thread, and returns what ends that.
func lockThread() func() {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}
