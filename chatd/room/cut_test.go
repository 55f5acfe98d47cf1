package room

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/rabbitmq"
	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/uptime"
)

// TestPowerCutOfTheBroker pulls the plug of a real RabbitMQ: its disk is what it
// was some messages ago. The room lives on, as one of several chatd does whose
// broker is another machine.
func TestPowerCutOfTheBroker(t *testing.T) {
	rabbit := node.ForTest(t)
	x, err := rabbitmq.New(rabbit.URL(), rabbitmq.Options{Stamp: uptime.Now, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	r := New(x, uptime.Now, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	defer func() { stop(); <-ended }()
	events := r.Tail()
	// until reads events until one is what is waited for.
	until := func(what string, ok func(*Event) bool) {
		t.Helper()
		late := time.After(time.Minute)
		for {
			select {
			case <-events.Ready():
			case <-late:
				t.Fatalf("waited in vain for %s", what)
			}
			if events = events.Next(); ok(events) {
				return
			}
		}
	}
	up := func(e *Event) bool { return e.Broker != nil && *e.Broker == fanout.Up }
	// say says a message and returns its place in the log.
	say := func(who, ref string) (p Place) {
		t.Helper()
		if offset, known, err := r.Say(context.Background(), chat.Message{From: chat.Person{ID: who, Name: who}, Text: ref}, ref, Made{}, false); known || err != nil {
			t.Fatalf("%s says %s: known at %d: %v, %v", who, ref, offset, known, err)
		}
		until(ref, func(e *Event) bool {
			for _, entry := range e.Entries {
				if entry.Ref == ref {
					p = Place{Epoch: r.View(context.Background(), Viewer{}, 0).Epoch, Offset: entry.Offset, Ref: ref}
				}
			}
			return p.Ref != ""
		})
		return p
	}
	until("the room to open", up)
	kept := say("ada", "kept")
	lastKept := say("bob", "kept-too")

	disk := filepath.Join(t.TempDir(), "disk")
	rabbit.Shutdown()
	copyTree(t, disk, rabbit.Dir())
	restart(t, rabbit)
	until("the room to be back", up)
	lost := say("ada", "lost")
	for i := range 3 {
		say("bob", fmt.Sprint("lost-", i))
	}
	lastLost := say("ada", "lost-at-last")

	rabbit.Kill()
	if err := os.RemoveAll(rabbit.Dir()); err != nil {
		t.Fatal(err)
	}
	copyTree(t, rabbit.Dir(), disk)
	restart(t, rabbit)
	until("a word that the log does not go on", func(e *Event) bool { return e.Lost })
	until("the room to be back", up)

	resumed := func(when string, p Place, want bool) {
		t.Helper()
		if v := r.Resume(t.Context(), Viewer{}, p, 10); v.Resumed != want || v.Epoch != kept.Epoch {
			t.Errorf("%s: who has seen %s at %d is resumed: %v", when, p.Ref, p.Offset, v.Resumed)
		}
	}
	resumed("when the end is lost", lastLost, false)
	resumed("when the end is lost", lastKept, true)
	if offset, known, _ := r.Say(context.Background(), chat.Message{From: chat.Person{ID: "ada"}, Text: "kept"}, "kept", Made{}, false); !known || offset != kept.Offset {
		t.Errorf("what was kept at %d is known: %v, at %d", kept.Offset, known, offset)
	}
	// The log grows beyond what was lost.
	for i := 0; say("eve", fmt.Sprint("new-", i)).Offset <= lastLost.Offset; i++ {
	}
	resumed("when the log has grown again", lastLost, false)
	resumed("when the log has grown again", lost, false)
	resumed("when the log has grown again", lastKept, true)
	if again := say("ada", "lost"); again.Offset <= lastLost.Offset {
		t.Errorf("what was lost comes back at %d", again.Offset)
	}
	if _, known, _ := r.Say(context.Background(), chat.Message{From: chat.Person{ID: "ada"}, Text: "lost"}, "lost", Made{}, false); !known {
		t.Error("what came back is not known")
	}
}

func restart(t *testing.T, n *node.Node) {
	t.Helper()
	if err := n.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func copyTree(t *testing.T, to, from string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v: %s", from, err, out)
	}
}
