package browser

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"warren/chatd/fanout/rabbitmq/node"
)

// shared is what takes long to start. Whoever needs it first starts it.
var shared struct {
	once sync.Once
	err  error
	dir  string
	bin  string // of chatd
	br   *Browser

	nodeOnce sync.Once
	nodeErr  error
	node     *node.Node
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.br != nil {
		shared.br.Stop()
	}
	if shared.node != nil {
		shared.node.Stop()
	}
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
	if code == 0 {
		http.DefaultClient.CloseIdleConnections()
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// room is a running room and those who test it.
type room struct {
	t     testing.TB
	chatd *Chatd
	url   string // where guests come in
}

// inProcess opens a room without a broker.
func inProcess(t testing.TB, flags ...string) *room {
	t.Helper()
	begin(t)
	c := StartChatd(t, shared.bin, flags...)
	c.WaitReady()
	return &room{t, c, c.URL()}
}

// onRabbitMQ opens an empty room on the one RabbitMQ of these tests.
func onRabbitMQ(t testing.TB, flags ...string) *room {
	t.Helper()
	begin(t)
	shared.nodeOnce.Do(func() { shared.node, shared.nodeErr = node.Start(context.Background(), node.Options{Alarms: true}) })
	if shared.nodeErr != nil {
		t.Fatal(shared.nodeErr)
	}
	if _, err := channel(t).QueueDelete("chat.log", false, false, false); err != nil {
		t.Fatal(err)
	}
	return another(t, flags...)
}

// another opens one more door to the room on RabbitMQ.
func another(t testing.TB, flags ...string) *room {
	t.Helper()
	c := StartChatd(t, shared.bin, append([]string{"-broker", shared.node.URL()}, flags...)...)
	c.WaitReady()
	return &room{t, c, c.URL()}
}

// begin makes ready what all tests share. It is the one place where tests are
// left out.
func begin(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out the browser")
	}
	shared.once.Do(func() {
		old, _ := filepath.Glob(filepath.Join(Artefacts, "failed-*.png"))
		for _, picture := range old {
			os.Remove(picture)
		}
		if shared.dir, shared.err = os.MkdirTemp("", "warren-browser-"); shared.err != nil {
			return
		}
		if shared.bin, shared.err = BuildChatd(shared.dir); shared.err != nil {
			return
		}
		shared.br, shared.err = StartBrowser()
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
}

// channel is a connection to the broker, as any AMQP client has one.
func channel(t testing.TB) *amqp.Channel {
	t.Helper()
	conn, err := amqp.Dial(shared.node.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// enter brings a guest in, who waits until the room is open to him.
func (r *room) enter(guest string, d Device) *Phone {
	r.t.Helper()
	return enterAt(r.t, r.url, guest, d)
}

func enterAt(t testing.TB, url, guest string, d Device) *Phone {
	t.Helper()
	p := shared.br.Phone(t, guest, d)
	p.Goto(url)
	p.waitIn()
	p.Rename(guest)
	return p
}

// waitIn waits until the page is connected and has the history.
func (p *Phone) waitIn() {
	p.t.Helper()
	p.Until("a room that is open", `!document.querySelector('#name').hidden && !document.querySelector('#people').hidden &&
		document.querySelector('#status').textContent === ''`)
}

// seesCount waits until the header counts n guests.
func (p *Phone) seesCount(n int) {
	p.t.Helper()
	p.Until(fmt.Sprint(n, " guests in the header"), fmt.Sprintf(`parseInt(document.querySelector('#people').textContent) === %d`, n))
}

// allSeeTheSame waits until all see as many messages as the first and then
// compares: the same in the same order, each once.
func allSeeTheSame(t testing.TB, n int, phones ...*Phone) {
	t.Helper()
	var want []string
	for _, p := range phones {
		Eventually(t, Patience, func() bool { return len(p.Messages()) >= n }, func() string {
			return p.Guest + " sees fewer messages than were said\n" + p.Screen()
		})
		got := p.Texts()
		if want == nil {
			want = got
		}
		if len(got) != n || difference(got, want) != difference(want, want) {
			t.Errorf("%s and %s see different rooms: %s\n%s", phones[0].Guest, p.Guest, difference(got, want), p.Screen())
		}
	}
}
