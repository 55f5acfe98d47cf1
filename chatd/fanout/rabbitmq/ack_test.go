package rabbitmq

import "testing"

// TestOneAtATime: a reader that is always up to date, so that its batches are of
// one record, goes on getting records beyond the prefetch.
func TestOneAtATime(t *testing.T) {
	x := open(t, broker(t), Options{suffix: newSuffix()})
	e, _ := run(t, x, 0)
	e.WaitUp()
	for n := range 2*prefetch + 2 {
		publish(t, x, say("ada", "hi"))
		e.Wait("the record", func() bool { return len(e.Recs) > n })
	}
	if len(e.States) != 1 {
		t.Errorf("states %v: the broker stopped sending, and was reached again", e.States)
	}
}
