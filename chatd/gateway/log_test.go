package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
	"warren/chatd/uptime"
)

// cutLog is a log of which the front goes, as RabbitMQ's does: a segment at a time.
type cutLog struct {
	*memory.Exchange
	front atomic.Int64 // what is before is gone
	reads atomic.Int64
	cutAt int64 // after so many reads of what was missed the front is at cutTo; 0: never
	cutTo int64
}

func (x *cutLog) Read(ctx context.Context, from, before int64, n int) ([]chat.Record, error) {
	recs, err := x.Exchange.Read(ctx, max(from, x.front.Load()), before, n)
	if before-from > 1 && x.reads.Add(1) == x.cutAt { // a single one is the proof of what was seen
		x.front.Store(x.cutTo)
	}
	return recs, err
}

// fill publishes n messages.
func fill(t *testing.T, x fanout.Exchange, n int) {
	t.Helper()
	for i := range n {
		m := chat.Message{From: chat.Person{ID: "somebodysomebody", Name: "Somebody"}, Text: fmt.Sprint(i)}
		for x.Publish(m.Record(uuid.NewString(), uptime.Now())) != nil {
			time.Sleep(time.Millisecond) // the room reads
		}
	}
}

// A phone that catches up while the front of the log goes is told of it, and is sent nothing
// from behind the gap as if it were next.
func TestGapWhileCatchingUp(t *testing.T) {
	x := &cutLog{Exchange: memory.New(), cutAt: 1, cutTo: 1500}
	s := serveOn(t, x, unlimited)
	s.awaitUp(t)
	ada, w := s.join(t, map[string]any{"name": "Ada"})
	first := ada.said("first")
	fill(t, x, 4000)
	ada.said("last")
	back, again := s.join(t, map[string]any{"since": first.Offset, "since_ref": first.Ref, "epoch": w.Epoch})
	if !again.Resumed || again.Gap {
		t.Fatalf("the welcome is %+v", again)
	}
	next, code := first.Offset+1, 0
	for code == 0 {
		_, data, err := back.ReadMessage()
		var end *websocket.CloseError
		var f serverFrame
		switch {
		case errors.As(err, &end):
			code = end.Code
		case err != nil:
			t.Fatal(err)
		case json.Unmarshal(data, &f) == nil && f.Type == "log":
			for _, r := range f.Records {
				if r.Offset != next {
					t.Fatalf("after %d comes %+v", next-1, r)
				}
				next++
			}
		}
	}
	if code != 4002 || next == first.Offset+1 {
		t.Errorf("it is closed with %d, before %d", code, next)
	}
	back, again = s.join(t, map[string]any{"since": first.Offset, "since_ref": first.Ref, "epoch": w.Epoch})
	if again.Resumed || !again.Gap {
		t.Errorf("the second welcome is %+v", again)
	}
	back.untilHead(again.Head)
}

// A ref that is older than what a chatd remembers is looked for in the log: what was said is
// known, however long ago; what may have been said is refused; what was not is said.
func TestOldRefIsLookedUp(t *testing.T) {
	x := &cutLog{Exchange: memory.New()}
	s := serveHostOn(t, x, testCode, unlimited)
	s.awaitUp(t)
	device, _ := newDevice(t)
	ada, w := s.join(t, map[string]any{"device": device})
	old := ada.said("once")
	ada.Close()
	fill(t, x, 70_000) // more than a chatd remembers
	ada, _ = s.join(t, map[string]any{"device": device})
	last := ada.said("last")
	again := func(ref string, since int64, epoch string) serverFrame {
		t.Helper()
		ada.send(map[string]any{"type": "say", "ref": ref, "text": "once", "since": since, "epoch": epoch})
		for {
			f := ada.next("known", "refused", "log")
			if f.Type != "log" || f.Records[0].Ref == ref {
				return f
			}
		}
	}
	if f := again(old.Ref, -1, w.Epoch); f.Type != "known" || f.Offset != old.Offset {
		t.Errorf("what was said long ago is answered with %+v", f)
	}
	if f := again(uuid.NewString(), old.Offset, w.Epoch); f.Type != "log" {
		t.Errorf("what was never said is answered with %+v", f)
	}
	if f := again(last.Ref, old.Offset, w.Epoch); f.Type != "known" || f.Offset != last.Offset {
		t.Errorf("what was said just now is answered with %+v", f)
	}
	x.front.Store(old.Offset + 100)
	if f := again(old.Ref, old.Offset, w.Epoch); f.Type != "refused" || f.Why != "too_late" || f.RetryMS != 0 {
		t.Errorf("what may have been said in a part of the log that is gone is answered with %+v", f)
	}
	x.front.Store(0)
	var others []string
	for _, text := range texts(t, x) {
		if text == "once" {
			others = append(others, text)
		}
	}
	if len(others) != 2 {
		t.Errorf("the log holds it %d times", len(others))
	}

	host, _ := s.joinHost(t, nil)
	host.do("host", map[string]any{"verb": "erase"})
	ada.closed()
	s.await(t, "an empty room", func() bool { return s.room.Known() && s.room.Epoch() != w.Epoch })
	ada, _ = s.join(t, map[string]any{"device": device})
	if f := again(uuid.NewString(), last.Offset, w.Epoch); f.Type != "refused" || f.Why != "erased" || f.RetryMS != 0 {
		t.Errorf("what was written before all was erased is answered with %+v", f)
	}
}

// slowErase is an exchange that erases when it is let.
type slowErase struct {
	*memory.Exchange
	asked chan struct{}
	let   chan error
}

func (x *slowErase) Erase(ctx context.Context, first func() (rec, kept chat.Record)) error {
	x.asked <- struct{}{}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-x.let:
		if err != nil {
			return err
		}
		return x.Exchange.Erase(ctx, first)
	}
}

// A host's second erase while one is under way is refused, and can be asked for later: the
// page does not stay busy. An attempt that fails is made again.
func TestEraseWhileErasing(t *testing.T) {
	x := &slowErase{memory.New(), make(chan struct{}), make(chan error)}
	s := serveHostOn(t, x, testCode, unlimited)
	s.awaitUp(t)
	host, w := s.joinHost(t, nil)
	other, _ := s.joinHost(t, nil)
	host.said("to be forgotten")
	host.do("host", map[string]any{"verb": "erase"})
	<-x.asked
	for _, c := range []*client{host, other} {
		if f := c.refused("host", map[string]any{"verb": "erase"}); f.Why != "busy" || f.RetryMS <= 0 || f.Text == "" {
			t.Errorf("a second one is answered with %+v", f)
		}
	}
	x.let <- errors.New("the line broke")
	<-x.asked
	x.let <- nil
	for _, c := range []*client{host, other} {
		if code, _ := c.closed(); code != 4002 {
			t.Errorf("a host is closed with %d", code)
		}
	}
	s.await(t, "a new log", func() bool { return s.room.Known() && s.room.Epoch() != w.Epoch })
	if all := texts(t, x); len(all) != 0 {
		t.Errorf("the log holds %q", all)
	}
	host, w = s.joinHost(t, nil)
	host.do("host", map[string]any{"verb": "erase"})
	<-x.asked
	x.let <- nil
	s.await(t, "another new log", func() bool { return s.room.Known() && s.room.Epoch() != w.Epoch })
}
