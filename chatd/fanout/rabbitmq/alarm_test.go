package rabbitmq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/rabbitmq/node"
)

// alarming starts a broker of the test's own: an alarm is the matter of all who
// publish.
func alarming(t *testing.T) *node.Node {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	n, err := node.Start(t.Context(), node.Options{Alarms: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	return n
}

func raise(t *testing.T, n *node.Node, a node.Alarm) {
	t.Helper()
	if err := n.Alarm(a); err != nil {
		t.Fatal(err)
	}
}

func (e *ear) waitFull(short string) {
	e.T.Helper()
	e.Wait("full: "+short, func() bool { return e.Now() == fanout.Full && strings.Contains(e.Why, short) })
}

// TestAlarm has a broker that becomes short of things while people chat.
func TestAlarm(t *testing.T) {
	t.Parallel()
	n := alarming(t)
	for _, c := range []struct {
		alarm node.Alarm
		short string
	}{
		{node.Memory, "short of memory. "},
		{node.Disk, "short of disk space"},
	} {
		t.Run(c.short, func(t *testing.T) {
			suffix := newSuffix()
			log := &lines{}
			x := open(t, n.URL(), Options{suffix: suffix, Logger: slog.New(slog.NewTextHandler(log, nil))})
			e, _ := run(t, x, 10)
			e.WaitUp()
			publish(t, x, say("a", "before"))
			e.Wait("before", func() bool { return len(texts(e.Recs)) == 1 })

			raise(t, n, c.alarm)
			// Nobody is told before somebody publishes, and it takes a moment.
			begin := time.Now()
			want := []string{"before"}
			for i := 0; ; i++ {
				publish(t, x, say("a", fmt.Sprint(i)))
				want = append(want, fmt.Sprint(i))
				time.Sleep(20 * time.Millisecond)
				e.Mu.Lock()
				s := e.Now()
				e.Mu.Unlock()
				if s != fanout.Up {
					break
				}
				if time.Since(begin) > patience {
					t.Fatal("the alarm is not noticed")
				}
			}
			e.waitFull(c.short)
			t.Logf("full after %v", time.Since(begin))
			publish(t, x, say("a", "waits"))
			want = append(want, "waits")
			x.Whisper([]byte("dropped"))

			// Reading goes on, and who comes now reads what there is.
			y := open(t, n.URL(), Options{suffix: suffix})
			begin = time.Now()
			f, stop := run(t, y, 1000) // the alarm may take its time
			f.waitFull(c.short)
			t.Logf("another daemon has the log after %v", time.Since(begin))
			if got := f.texts(); len(got) == 0 || got[0] != "before" || f.epoch() != e.epoch() {
				t.Errorf("it has %q of epoch %s; it should begin with what was said before", got, f.epoch())
			}
			for _, each := range []*Exchange{x, y} {
				if recs, err := each.Read(t.Context(), 0, 100, 100); err != nil || len(recs) == 0 {
					t.Errorf("Read: %d records, %v", len(recs), err)
				}
			}
			if slices.Contains(e.texts(), "waits") {
				t.Error("what is said goes out, though the broker takes nothing")
			}
			stop()

			raise(t, n, node.NoAlarm)
			begin = time.Now()
			e.Wait("all", func() bool { return len(texts(e.Recs)) == len(want) })
			e.WaitUp()
			t.Logf("all is well after %v", time.Since(begin))
			equal(t, "said", e.texts(), want)
			if states := e.States; !slices.Equal(states, []fanout.State{fanout.Up, fanout.Full, fanout.Up}) || len(e.Resets) != 1 {
				t.Errorf("states %v, resets %v", states, e.Resets)
			}
			if text := log.String(); strings.Count(text, "takes no messages now") != 1 || !strings.Contains(text, c.short) {
				t.Errorf("the log says:\n%s", text)
			}
			if x.outbox.len() > 1 { // a name of the epoch may be under way
				t.Errorf("%d left in the outbox", x.outbox.len())
			}
			if len(e.Whispers) > 0 {
				t.Errorf("heard %q: too late", e.Whispers)
			}
		})
	}
}

// TestAlarmAtFirst starts a daemon, on no log at all, while there is an alarm,
// and cuts it off. It says what is the matter, and in the end all is there.
func TestAlarmAtFirst(t *testing.T) {
	t.Parallel()
	n := alarming(t)
	raise(t, n, node.Disk)
	awaitAlarm(t, n)
	p, via := newProxy(t, n.URL())
	log := &lines{}
	x := open(t, via, Options{suffix: newSuffix(), Logger: slog.New(slog.NewTextHandler(log, nil))})
	publish(t, x, say("a", "0"))
	begin := time.Now()
	e, _ := run(t, x, 10)
	e.waitFull("disk space")
	t.Logf("full %v after the start", time.Since(begin))

	p.cut()
	e.Wait("away", func() bool { return e.Now() == fanout.Away })
	publish(t, x, say("a", "1"))
	p.mend()
	begin = time.Now()
	e.waitFull("disk space")
	t.Logf("full %v after the line was cut", time.Since(begin))

	publish(t, x, say("a", "2"))
	if got := e.texts(); len(got) != 0 {
		t.Errorf("%q went out, though the broker takes nothing", got)
	}
	raise(t, n, node.NoAlarm)
	e.WaitUp()
	e.Wait("all", func() bool { return len(texts(e.Recs)) == 3 })
	equal(t, "said", e.texts(), numbers(0, 3))
	if strings.Contains(log.String(), "does not reach the log") {
		t.Errorf("the log says:\n%s", log)
	}
}

// awaitAlarm returns when the broker holds up those who publish.
func awaitAlarm(t *testing.T, n *node.Node) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		c := connect(t, n.URL())
		blocks := c.conn.NotifyBlocked(make(chan amqp.Blocking, 1))
		c.publish("", amqp.Publishing{})
		select {
		case <-blocks:
			return
		case <-time.After(200 * time.Millisecond):
		}
		c.conn.CloseDeadline(time.Now().Add(time.Second))
	}
	t.Fatal("there is no alarm")
}

// TestAlarmOfAFlood says more than fits anywhere while the broker takes nothing:
// what is kept is bounded, the rest is refused, nobody is kept waiting, and the
// log can be read all the time.
func TestAlarmOfAFlood(t *testing.T) {
	t.Parallel()
	n := alarming(t)
	x := open(t, n.URL(), Options{suffix: newSuffix(), OutboxRecords: 2000, OutboxBytes: 4 << 20})
	e, _ := run(t, x, 10)
	e.WaitUp()
	raise(t, n, node.Memory)
	begin, longest := time.Now(), time.Duration(0)
	accepted, refused := 0, 0
	for refused < 1000 {
		now := time.Now()
		err := x.Publish(chat.Record{ID: fmt.Sprint(accepted), Body: bytes.Repeat([]byte("x"), 5000)})
		longest = max(longest, time.Since(now))
		switch {
		case err == nil:
			accepted++
		case errors.Is(err, fanout.ErrFull):
			refused++
			time.Sleep(time.Millisecond)
		default:
			t.Fatal(err)
		}
		if size := waiting(x.outbox); size > 4<<20 || time.Since(begin) > patience {
			t.Fatalf("%d bytes in the outbox after %v", size, time.Since(begin))
		}
	}
	t.Logf("%d accepted, %d refused, the slowest call took %v", accepted, refused, longest)
	e.waitFull("memory")
	// Longer than a write may take: if one hung, the connection would be lost.
	ctx, cancel := context.WithTimeout(t.Context(), writeTime+time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if _, err := x.Read(t.Context(), 0, 100, 100); err != nil {
			t.Fatalf("Read: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	raise(t, n, node.NoAlarm)
	e.WaitUp()
	e.Wait("all", func() bool {
		next := 0
		for _, r := range e.All {
			if r.ID == fmt.Sprint(next) {
				next++
			}
		}
		return next == accepted
	})
	if slices.Contains(e.States, fanout.Away) {
		t.Errorf("states %v: the connection was lost", e.States)
	}
}

func waiting(o *outbox) (bytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes
}

func TestAlarmInWords(t *testing.T) {
	for reason, want := range map[string]string{
		"low on memory":        "short of memory. Mostly",
		"low on disk":          "short of disk space. Make",
		"low on disk & memory": "short of memory and of disk space. Make",
		"low on \x1bpatience":  `It says: "low on \x1bpatience".`,
		"":                     "takes no messages",
	} {
		s, why := alarmOf(amqp.Blocking{Active: true, Reason: reason}).state()
		if s != fanout.Full || !strings.Contains(why, want) {
			t.Errorf("%q is %v: %s", reason, s, why)
		}
	}
	if s, why := alarmOf(amqp.Blocking{}).state(); s != fanout.Up || why != "" {
		t.Errorf("no alarm is %v: %s", s, why)
	}
}

// lines is what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
