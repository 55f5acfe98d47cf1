package radio

import (
	"context"
	"errors"
	"sync"
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
		answer, err := f()
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
