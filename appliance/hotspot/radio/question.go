package radio

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// errPending is returned while the kernel has not answered an earlier question.
var errPending = errors.New("the kernel has not answered what it was asked before")

// question is one that the kernel may never answer: a driver may wait for its
// device for good, and whoever asked waits with it and cannot be called back. So
// it is asked on the side, by one goroutine at a time.
type question struct{ pending sync.Mutex }

// ask runs f and returns its answer, or the error of ctx if that ends before.
func ask[T any](ctx context.Context, q *question, f func() (T, error)) (answer T, err error) {
	if !q.pending.TryLock() {
		return answer, errPending
	}
	type reply struct {
		answer T
		err    error
	}
	replied := make(chan reply, 1)
	go func() {
		answer, err := undisturbed(f)
		q.pending.Unlock()
		replied <- reply{answer, err}
	}()
	select {
	case r := <-replied:
		return r.answer, r.err
	case <-ctx.Done():
		return answer, ctx.Err()
	}
}

// disturbing are the signals that a thread of this process may get at any time: Go's
// own, for goroutines that shall make room, that a child has ended, and that this
// process shall end.
var disturbing = []unix.Signal{unix.SIGURG, unix.SIGCHLD, unix.SIGTERM, unix.SIGINT}

// undisturbed runs f while no such signal reaches its thread. brcmfmac waits for its
// firmware only until there is one, and then takes its answer for that of the next
// question (sdio.c, brcmf_sdio_dcmd_resp_wait): so a signal would look like a firmware
// that has halted.
func undisturbed[T any](f func() (T, error)) (answer T, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var block, before unix.Sigset_t
	for _, s := range disturbing {
		block.Val[0] |= 1 << (s - 1)
	}
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &block, &before); err != nil {
		return answer, err
	}
	defer unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
	return f()
}
