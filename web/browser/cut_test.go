package browser

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"warren/chatd/fanout/rabbitmq/node"
)

// TestPowerCut pulls the plug of the box: chatd and RabbitMQ are killed, and the
// disk is what it was some messages ago. What the phones had seen with a tick,
// and the log has lost, they offer again.
func TestPowerCut(t *testing.T) {
	begin(t)
	rabbit := node.ForTest(t)
	chatd := StartChatd(t, shared.bin, "-broker", rabbit.URL())
	chatd.WaitReady()
	room := &room{t, chatd, chatd.URL()}

	ada := room.enter("Ada", Small)        // has the page open all the time
	bob, link := room.linked("Bob", Large) // comes back when others have gone on
	cleo := room.enter("Cleo", Small)      // comes back with a page that remembers nothing
	guests := []*Phone{ada, bob, cleo}
	excuseLostLine(guests...)
	n := 0
	each := func(what string) {
		t.Helper()
		for _, p := range guests {
			p.Say(p.Guest + " " + what)
			n++
		}
	}
	each("kept")
	for _, p := range guests {
		p.SeesSent()
	}
	disk := filepath.Join(t.TempDir(), "disk")
	rabbit.Shutdown()
	copyTree(t, disk, rabbit.Dir())
	if err := rabbit.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range guests {
		p.SeesStatus("")
	}
	each("lost 1")
	each("lost 2")
	allSeeTheSame(t, n, guests...)
	for _, p := range guests {
		p.SeesSent()
	}
	offset := func(p *Phone) int {
		return See[int](p, `Math.max(...[...document.querySelectorAll('#log > .message')].map((m) => m.dataset.offset))`)
	}
	lost := offset(ada)

	link.Cut()
	chatd.Kill()
	rabbit.Kill()
	if err := os.RemoveAll(rabbit.Dir()); err != nil {
		t.Fatal(err)
	}
	copyTree(t, rabbit.Dir(), disk)
	each("in the dark")
	for _, p := range guests {
		p.SeesPending(p.Guest + " in the dark")
	}
	cleo.Goto("about:blank")
	// Ada's line is slow, so that she can see what it is about.
	See[bool](ada, `(() => {
		window.said = [];
		window.states = [];
		const send = WebSocket.prototype.send;
		WebSocket.prototype.send = function (data) {
			if (JSON.parse(data).type === 'say') said.push(JSON.parse(data).text);
			setTimeout(() => this.readyState === WebSocket.OPEN && send.call(this, data), 500);
		};
		new MutationObserver((changes) => states.push(...changes.map(({ target }) =>
			target.querySelector('.text').textContent + ': ' + target.dataset.state)))
			.observe(document.querySelector('#log'), { subtree: true, attributeFilter: ['data-state'] });
		return true;
	})()`)

	// The page is there long before the broker is.
	chatd.Start()
	ada.SeesStatus("The room is catching its breath")
	if err := rabbit.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ada.SeesStatus("")
	ada.SeesSent()
	want := []string{"Ada lost 1: pending", "Ada lost 2: pending", "Ada lost 1: sent", "Ada lost 2: sent"}
	if states := See[[]string](ada, "states"); !slices.Equal(states, want) {
		t.Errorf("the ticks of what was lost went so: %q, want %q", states, want)
	}
	if said, want := See[[]string](ada, "said"), []string{"Ada lost 1", "Ada lost 2", "Ada in the dark"}; !slices.Equal(said, want) {
		t.Errorf("Ada's phone says %q, want %q", said, want)
	}
	ada.Shot("offered-again-phone")

	eve := room.enter("Eve", Small)
	for i := 0; offset(eve) <= lost; i++ {
		text := fmt.Sprint("Eve goes on ", i)
		eve.Say(text)
		eve.SeesSent()
		n++
	}
	link.Mend()
	cleo.Goto(room.url)
	for _, p := range append(guests, eve) {
		p.SeesStatus("")
		p.Until("all messages", fmt.Sprintf(`document.querySelectorAll('#log > .message').length === %d`, n))
		p.SeesSent()
	}
	// Who comes now reads what the log holds.
	dora := room.enter("Dora", Large)
	allSeeTheSame(t, n, dora, eve)
	inOrder(t, dora, guests, []string{"kept", "lost 1", "lost 2", "in the dark"})
	for _, p := range guests {
		if d := difference(sorted(p.Texts()), sorted(dora.Texts())); d != difference(dora.Texts(), dora.Texts()) {
			t.Errorf("%s sees %s\n%s", p.Guest, d, p.Screen())
		}
	}
	inOrder(t, ada, guests[:1], []string{"kept", "lost 1", "lost 2", "in the dark"})
	gap := See[string](ada, `[...document.querySelectorAll('.divider.gap')].map((e) => e.textContent).join()`)
	if !strings.Contains(gap, "last moments") {
		t.Errorf("of what the room has lost Ada reads: %q", gap)
	}
}

// TestOfferedOnceOnly reloads the page of a room that has lost nothing.
func TestOfferedOnceOnly(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	ada.Say("before")
	bob.Sees("before")
	// More than the page gets at first, so that it does not find its own.
	See[bool](bob, `new Promise((done) => {
		const line = new WebSocket('ws://' + location.host + '/websocket');
		line.onopen = () => { for (let i = 0; i < 300; i++) line.send('line ' + i); };
		let heard = 0;
		line.onmessage = () => ++heard === 300 && (line.close(), done(true));
	})`)
	ada.Reload()
	ada.waitIn()
	ada.Sees("line 299")
	ada.SeesSent()
	ada.Say("after")
	bob.Sees("after")
	texts := bob.Texts()
	if len(texts) != 302 || texts[0] != "before" || slices.Contains(texts[1:], "before") {
		t.Errorf("Bob sees %d messages, the first is %q", len(texts), texts[0])
	}
}

func copyTree(t testing.TB, to, from string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v: %s", from, err, out)
	}
}
