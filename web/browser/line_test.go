package browser

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// A line that breaks: each of these tests breaks another part of it.

// What a browser has to say in its console when it is made to lose the line.
var lostLine = []string{"WebSocket connection to ", "Failed to load resource: net::"}

func excuseLostLine(phones ...*Phone) {
	for _, p := range phones {
		for _, beginning := range lostLine {
			p.Excuse(beginning)
		}
	}
}

// linked brings a guest in over a link that can be broken.
func (r *room) linked(guest string, d Device) (*Phone, *Link) {
	r.t.Helper()
	link := NewLink(r.t, r.chatd.Addr)
	p := enterAt(r.t, link.URL(), guest, d)
	excuseLostLine(p)
	return p, link
}

// TestOffline has a phone that loses its network and gets it back.
func TestOffline(t *testing.T) {
	room := onRabbitMQ(t)
	ada, link := room.linked("Ada", Small)
	bob := room.enter("Bob", Small)
	ada.Say("before")
	bob.Sees("before")

	link.Cut()
	ada.Offline(true)
	for i := range 3 {
		ada.Say(fmt.Sprintf("offline %d", i))
	}
	ada.SeesStatus("You are offline")
	ada.SeesPending("offline 0", "offline 1", "offline 2")
	ada.Shot("offline-phone")
	for i := range 3 {
		bob.Say(fmt.Sprintf("meanwhile %d", i))
	}

	link.Mend()
	ada.Offline(false)
	want := []string{"before", "meanwhile 0", "meanwhile 1", "meanwhile 2", "offline 0", "offline 1", "offline 2"}
	ada.SeesExactly(want...)
	bob.SeesExactly(want...)
	ada.SeesSent()
	ada.SeesStatus("")
}

// TestReloadWhileOffline loses nothing that waits, not even to a reload.
func TestReloadWhileOffline(t *testing.T) {
	room := inProcess(t)
	ada, link := room.linked("Ada", Small)
	bob := room.enter("Bob", Small)
	link.Cut()
	ada.Say("one")
	ada.Say("two")
	ada.SeesStatus("You are offline")
	// The page cannot be had again while the line is cut, so it goes elsewhere
	// and comes back.
	ada.Goto("about:blank")
	link.Mend()
	ada.Goto(link.URL())
	ada.SeesExactly("one", "two")
	bob.SeesExactly("one", "two")
	ada.SeesSent()
}

// TestZombie has a phone that slept while its connection died without a word.
// When it wakes up it looks as if it were connected.
func TestZombie(t *testing.T) {
	for event, wake := range map[string]string{
		"visibilitychange": `document.dispatchEvent(new Event('visibilitychange'))`,
		"pageshow":         `dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))`,
		"online":           `dispatchEvent(new Event('online'))`,
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			room := inProcess(t)
			ada, link := room.linked("Ada", Small)
			bob := room.enter("Bob", Small)
			bob.Say("before")
			ada.Sees("before")
			link.Silence()
			bob.Say("while she slept")
			ada.Say("into the void")
			ada.SeesPending("into the void")
			link.Mend() // the line could be had again: the page has to notice

			began := time.Now()
			See[bool](ada, wake)
			ada.UntilWithin(15*time.Second, "what was said while she slept", `document.querySelector('#log').textContent.includes('while she slept')`)
			took := time.Since(began)
			t.Logf("the dead line was found and a new one made in %v", took.Round(10*time.Millisecond))
			if took > 10*time.Second {
				t.Errorf("it took %v until Ada was back", took)
			}
			ada.SeesExactly("before", "while she slept", "into the void")
			bob.SeesExactly("before", "while she slept", "into the void")
			ada.SeesSent()
		})
	}
}

// TestBrokerKilled kills RabbitMQ in the middle of a conversation.
func TestBrokerKilled(t *testing.T) {
	room := onRabbitMQ(t)
	ada, bob, eve := room.enter("Ada", Small), room.enter("Bob", Small), room.enter("Eve", Large)
	guests := []*Phone{ada, bob, eve}
	n := 0
	each := func(when string) {
		t.Helper()
		for i := range 2 {
			for _, p := range guests {
				p.Say(fmt.Sprintf("%s %d %s", p.Guest, i, when))
				n++
			}
		}
	}
	each("before")
	for _, p := range guests {
		p.Say(p.Guest + " at the very moment")
		n++
	}
	t.Cleanup(func() { // the other tests need it, whatever happens here
		if shared.node.Pid() == 0 {
			shared.node.Restart(context.Background())
		}
	})
	shared.node.Kill()
	ada.SeesStatus("The room is catching its breath")
	bob.SeesStatus("The room is catching its breath")
	each("while it was away")
	ada.Shot("broker-away-phone")
	ada.SeesPending("Ada 0 while it was away", "Ada 1 while it was away")
	bob.Reload() // what waits survives this, too
	bob.Until("what waits, after a reload", `document.querySelectorAll('#pending .message').length === 2`)
	bob.SeesStatus("The room is catching its breath")
	bob.Shot("broker-away-reloaded-phone")

	// A daemon that is started now waits for the broker, too, and lets people in.
	late := StartChatd(t, shared.bin, "-broker", shared.node.URL())
	cleo := shared.br.Phone(t, "Cleo", Small)
	cleo.Goto(late.URL())
	cleo.SeesStatus("Warming up")
	cleo.Say("first word of Cleo")
	n++
	cleo.Sees("first word of Cleo")
	cleo.Shot("warming-up-phone")
	guests = append(guests, cleo)

	if err := shared.node.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	each("while it came back")
	for _, p := range guests {
		p.SeesStatus("")
	}
	each("after")
	for _, p := range guests {
		p.SeesSent()
		p.seesCount(4)
	}
	allSeeTheSame(t, n, guests...)
	inOrder(t, ada, guests[:3], []string{"0 before", "1 before", "at the very moment", "0 while it was away",
		"1 while it was away", "0 while it came back", "1 while it came back", "0 after", "1 after"})
}

// TestDaemonRestarted ends chatd in the middle of a conversation, once as it
// should be and once not.
func TestDaemonRestarted(t *testing.T) {
	room := onRabbitMQ(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Large)
	guests := []*Phone{ada, bob}
	excuseLostLine(guests...)
	n := 0
	each := func(when string) {
		t.Helper()
		for _, p := range guests {
			p.Say(p.Guest + " " + when)
			n++
		}
	}
	var order []string
	for how, end := range []func(){room.chatd.Stop, room.chatd.Kill} {
		each(fmt.Sprint("before ", how))
		each(fmt.Sprint("at the very moment ", how))
		end()
		each(fmt.Sprint("while it was away ", how))
		ada.SeesStatus("You are offline")
		room.chatd.Start()
		each(fmt.Sprint("after ", how))
		for _, p := range guests {
			p.SeesStatus("")
			p.SeesSent()
			p.seesCount(len(guests))
		}
		allSeeTheSame(t, n, guests...)
		for _, when := range []string{"before", "at the very moment", "while it was away", "after"} {
			order = append(order, fmt.Sprint(when, " ", how))
		}
	}
	inOrder(t, ada, guests, order)
	if gap := See[string](ada, `[...document.querySelectorAll('.divider.gap')].map((e) => e.textContent).join()`); gap != "" {
		t.Errorf("nothing was lost, but Ada reads: %s", gap)
	}
}

// TestLogLost ends a chatd that had the only copy of the log. What was said of
// late is said to the new one, by those who said it.
func TestLogLost(t *testing.T) {
	room := inProcess(t)
	ada := room.enter("Ada", Small)
	excuseLostLine(ada)
	ada.Say("soon lost")
	ada.SeesSent()
	room.chatd.Stop()
	ada.SeesStatus("You are offline")
	ada.Say("written meanwhile")
	room.chatd.Start()
	ada.SeesExactly("soon lost", "written meanwhile")
	ada.SeesSent()
	ada.Until("a word that the room has started afresh", `document.querySelector('#log, #empty').textContent.includes('started afresh')`)
	ada.SeesStatus("")
	ada.seesCount(1)
	ada.Shot("started-afresh-phone")
}

// inOrder checks that what each guest has said stands in the order in which it
// was said.
func inOrder(t testing.TB, reader *Phone, guests []*Phone, order []string) {
	t.Helper()
	texts := reader.Texts()
	for _, p := range guests {
		var want, got []string
		own := make(map[string]bool)
		for _, when := range order {
			want = append(want, p.Guest+" "+when)
			own[p.Guest+" "+when] = true
		}
		for _, text := range texts {
			if own[text] {
				got = append(got, text)
			}
		}
		if d := difference(got, want); d != difference(want, want) {
			t.Errorf("of what %s has said %s sees %s", p.Guest, reader.Guest, d)
		}
	}
}
