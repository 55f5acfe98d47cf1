package rabbitmq

import (
	"fmt"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/fanout/fanouttest"
)

// Others' records that push all of ours out of the log, while no daemon runs, take neither its
// name nor what was kept with them.
func TestPushedOutWhileNobodyReads(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	opts := Options{suffix: suffix, LogBytes: 100_000, SegmentBytes: 20_000}
	x := open(t, url, opts)
	e, stop := run(t, x, 10)
	e.WaitUp()
	publish(t, x, fanouttest.Say("said", "said"))
	x.Keep(fanouttest.KeptFor(e.WaitID("said"), 100))
	kept := func() bool {
		y := open(t, url, opts)
		f, stop := run(t, y, 0)
		defer stop()
		f.WaitUp()
		f.Mu.Lock()
		defer f.Mu.Unlock()
		return f.Kept != nil
	}
	for !kept() {
	}
	epoch := e.epoch()
	stop()
	l, err := dial(t.Context(), url, "others")
	if err != nil {
		t.Fatal(err)
	}
	defer l.end()
	if err := onChannel(l, func(ch *amqp.Channel) error {
		if err := ch.Confirm(false); err != nil {
			return err
		}
		const n = 5000
		confirms := ch.NotifyPublish(make(chan amqp.Confirmation, n))
		for i := range n {
			if err := ch.Publish(x.names.exchange, "", false, false, amqp.Publishing{Body: fmt.Appendf(nil, "%0100d", i)}); err != nil {
				return err
			}
		}
		for range n {
			<-confirms
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds what the first has left
		f, stop := run(t, open(t, url, opts), 10)
		f.WaitUp()
		f.Mu.Lock()
		if len(f.Recs) == 0 || f.Recs[0].Offset == 0 {
			t.Error("nothing was pushed out")
		}
		if got := f.Resets[len(f.Resets)-1]; got != epoch || f.Kept == nil || f.Kept.ID != "said" {
			t.Errorf("the log is %s, not %s, and read behind %+v", got, epoch, f.Kept)
		}
		f.Mu.Unlock()
		stop()
	}
}
