package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
	"warren/chatd/fanout/rabbitmq/node"
)

// witness is a light that tells what it shows: "on", "off", and its captions.
type witness struct {
	t    *testing.T
	seen chan string
}

func newWitness(t *testing.T) *witness { return &witness{t, make(chan string, 10_000)} }

func (w *witness) Set(on bool) error {
	if on {
		w.seen <- "on"
	} else {
		w.seen <- "off"
	}
	return nil
}

func (w *witness) Caption(text string) { w.seen <- text }
func (w *witness) Close() error        { return nil }

// patience is for a machine under load: a broker that starts again, and a
// client that notices, take seconds.
const patience = 30 * time.Second

// next returns what is shown next.
func (w *witness) next() string {
	w.t.Helper()
	select {
	case s := <-w.seen:
		return s
	case <-time.After(patience):
		w.t.Fatal("nothing is shown any more")
		return ""
	}
}

// until skips what is shown until it is want.
func (w *witness) until(want string) {
	w.t.Helper()
	late := time.After(patience)
	for w.next() != want {
		select {
		case <-late:
			w.t.Fatalf("%q is not shown", want)
		default:
		}
	}
}

// exactly is what is shown next, and nothing in between.
func (w *witness) exactly(want ...string) {
	w.t.Helper()
	for i := range want {
		if got := w.next(); got != want[i] {
			w.t.Fatalf("shown: %q, want %q of %q", got, want[i], want)
		}
	}
}

func publish(t *testing.T, url string, messages ...amqp.Publishing) {
	t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	channel, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if err := channel.PublishWithContext(t.Context(), "chat", "", false, false, m); err != nil {
			t.Fatal(err)
		}
	}
}

// Mistakes in the settings are shown whenever all else is well.
func TestLightShowsMistakes(t *testing.T) {
	rabbit := node.ForTest(t)
	light := newWitness(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- show(ctx, &options{broker: rabbit.URL(), mistakes: 2}, light, slog.New(slog.DiscardHandler))
	}()
	light.until("bad settings, 0 messages")
	stop()
	<-ended
}

func TestLightFollowsARealBroker(t *testing.T) {
	rabbit := node.ForTest(t)
	rabbit.Kill()
	light := newWitness(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- show(ctx, &options{broker: rabbit.URL()}, light, slog.New(slog.DiscardHandler)) }()

	light.exactly("starting, 0 messages", "on", "off", "on")

	restart := func() {
		t.Helper()
		if err := rabbit.Restart(ctx); err != nil {
			t.Fatal(err)
		}
	}
	restart()
	light.until("ok, 0 messages")
	first := amqp.Publishing{ContentType: chat.ContentText, Body: []byte("hello")}
	publish(t, rabbit.URL(), first)
	light.until("ok, 1 message")
	light.exactly("on", "off")

	// What is no message is not shown; what follows it is.
	publish(t, rabbit.URL(),
		amqp.Publishing{ContentType: chat.ContentJSON, Type: chat.TypeEpoch, Body: []byte("{}")},
		amqp.Publishing{ContentType: chat.ContentText, Body: []byte("\xff")},
		amqp.Publishing{ContentType: chat.ContentText, Body: []byte("again"), AppId: "test"})
	light.exactly("ok, 2 messages", "on", "off")

	// What was published twice was said once.
	twice := amqp.Publishing{ContentType: chat.ContentText, MessageId: "m1", Body: []byte("twice")}
	publish(t, rabbit.URL(), twice)
	light.exactly("ok, 3 messages", "on", "off")
	publish(t, rabbit.URL(), twice,
		amqp.Publishing{ContentType: chat.ContentText, MessageId: "m2", Body: []byte("once")})
	light.exactly("ok, 4 messages", "on", "off")

	rabbit.Kill()
	light.exactly("no broker, 4 messages", "on", "off", "on", "off")
	restart()
	light.until("ok, 4 messages")
	publish(t, rabbit.URL(), first, twice)
	light.until("ok, 5 messages")
	light.exactly("on", "off")

	if len(light.seen) > 0 {
		t.Errorf("shown for a message that was published again after a restart: %q", <-light.seen)
	}

	stop()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("show returned %v", err)
		}
	case <-time.After(patience):
		t.Fatal("show does not end")
	}
	if len(light.seen) > 0 {
		t.Errorf("shown at the end: %q", <-light.seen)
	}
}
