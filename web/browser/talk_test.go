package browser

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestConversation has two phones and a laptop in one room.
func TestConversation(t *testing.T) {
	room := onRabbitMQ(t)
	ada, bob, eve := room.enter("Ada", Small), room.enter("Bob", Small), room.enter("Eve", Large)
	ada.Until("words for an empty room", `!document.querySelector('#empty').hidden`)
	ada.Shot("empty-phone")
	guests := []*Phone{ada, bob, eve}

	for _, p := range guests {
		p.seesCount(3)
	}
	ada.Tap("#people")
	// Who has just come is listed under a suggested name until the own one has arrived.
	ada.Until("Ada, Bob and Eve in the list of guests",
		`[...document.querySelectorAll('#guests li bdi')].map((e) => e.textContent).join() === 'Ada,Bob,Eve'`)
	ada.Shot("presence-phone")
	ada.Tap("#people")

	bob.Write("Hel")
	for _, p := range []*Phone{ada, eve} {
		p.Until("that Bob is typing", `document.querySelector('#typing').textContent.includes('Bob')`)
	}
	if text := See[string](bob, `document.querySelector('#typing').textContent`); text != "" {
		t.Errorf("Bob reads of his own typing: %s", text)
	}
	ada.Shot("typing-phone")
	bob.Tap("#text")
	bob.Press("lo all")
	bob.Tap("#send")

	lines := []string{"Hello all"}
	for i := range 3 {
		for _, p := range guests {
			line := fmt.Sprintf("%d from %s", i+1, p.Guest)
			p.Say(line)
			lines = append(lines, line)
		}
	}
	ada.Say("A longer one, so that a line has to end somewhere and the next one begins under it.")
	lines = append(lines, "A longer one, so that a line has to end somewhere and the next one begins under it.")
	allSeeTheSame(t, len(lines), guests...)
	for _, p := range guests {
		p.SeesSent()
		if d := difference(sorted(p.Texts()), sorted(lines)); d != difference(lines, lines) {
			t.Errorf("%s sees %s", p.Guest, d)
		}
		for _, m := range p.Messages() {
			who := "Bob"
			if _, name, ok := strings.Cut(m.Text, " from "); ok {
				who = name
			} else if strings.HasPrefix(m.Text, "A longer") {
				who = "Ada"
			}
			if who == p.Guest {
				who = "" // it stands on the right, without a name
			}
			if m.Name != who || m.State != "sent" {
				t.Errorf("%s sees %q of %q, %s", p.Guest, m.Text, m.Name, m.State)
			}
		}
	}
	ada.Shot("conversation-phone-light")
	eve.Shot("conversation-laptop")

	bob.Tap("#name")
	bob.Until("the line for the name", "document.activeElement.id === 'new-name'")
	bob.Shot("name-edit-phone")
	bob.Paste("Bobby")
	bob.Tap("#rename button")
	bob.Say("I have another name")
	for _, p := range []*Phone{ada, eve} {
		p.Sees("I have another name")
		if m := p.Messages()[len(lines)]; m.Name != "Bobby" {
			t.Errorf("%s sees the name %q after Bob has called himself Bobby", p.Guest, m.Name)
		}
		if m := p.Messages()[0]; m.Name != "Bob" {
			t.Errorf("%s sees the name %q at what Bob said before", p.Guest, m.Name)
		}
	}
	eve.Tap("#people")
	eve.Until("the new name in the list", `[...document.querySelectorAll('#guests li bdi')].some((e) => e.textContent === 'Bobby')`)
	eve.Shot("presence-laptop")
}

// TestTwoDoors has two daemons on one RabbitMQ: they are one room.
func TestTwoDoors(t *testing.T) {
	first := onRabbitMQ(t)
	second := another(t)
	ada, bob := first.enter("Ada", Small), second.enter("Bob", Small)
	ada.seesCount(2)
	bob.seesCount(2)
	bob.Write("x")
	ada.Until("that Bob is typing", `document.querySelector('#typing').textContent.includes('Bob')`)
	bob.Press("yz")
	bob.Tap("#send")
	ada.Sees("xyz")
	ada.Say("from the first")
	bob.Say("from the second")
	allSeeTheSame(t, 3, ada, bob)
	ada.SeesSent()
	bob.SeesSent()
}

// TestEqualNames has two guests of one name: they can be told apart.
func TestEqualNames(t *testing.T) {
	room := inProcess(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	bob.Rename("Αda") // with a Greek A
	ada.Say("I am Ada")
	bob.Say("No, I am Ada")
	ada.Sees("No, I am Ada")
	bob.Until("a mark beside the name of the other", `document.querySelector('.message:not(.own) .print').textContent`)
	ada.Until("a mark beside the name of the other", `document.querySelector('.message:not(.own) .print').textContent`)
	ada.Until("a mark beside her own name", `document.querySelector('#name .print').textContent`)
	ada.Shot("equal-names-phone")
}

// TestReload reloads a page in the middle of a conversation.
func TestReload(t *testing.T) {
	room := onRabbitMQ(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Large)
	for i := range 5 {
		ada.Say(fmt.Sprintf("a%d", i))
		bob.Say(fmt.Sprintf("b%d", i))
	}
	allSeeTheSame(t, 10, ada, bob)
	before := ada.Texts()
	colour := `getComputedStyle([...document.querySelectorAll('.message:not(.own) .name')].at(-1)).color`
	hue := See[string](bob, colour)

	ada.Write("half a thou")
	bob.Say("said before the reload")
	ada.Reload()
	ada.waitIn()
	ada.SeesExactly(append(before, "said before the reload")...)
	if draft := See[string](ada, `document.querySelector('#text').value`); draft != "half a thou" {
		t.Errorf("after the reload Ada's line to write in holds %q: she had written %q", draft, "half a thou")
	}
	if name := See[string](ada, `document.querySelector('#name bdi').textContent`); name != "Ada" {
		t.Errorf("after the reload Ada is called %q", name)
	}
	for _, m := range ada.Messages() {
		if own := strings.HasPrefix(m.Text, "a"); own != (m.Name == "") {
			t.Errorf("after the reload Ada sees %q as said by %q", m.Text, m.Name)
		}
	}
	ada.Tap("#text")
	ada.Press("ght")
	ada.Tap("#send")
	bob.Sees("half a thought")
	if after := See[string](bob, colour); after != hue {
		t.Errorf("Ada's name had the colour %s and has %s after a reload", hue, after)
	}
	bob.seesCount(2)
}

// TestTwoTabs has a guest with the room in two tabs: it is one guest, who says
// everything once.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada, link := room.linked("Ada", Large)
	bob := room.enter("Bob", Small)
	tab := ada.Tab()
	excuseLostLine(tab)
	tab.Goto(link.URL())
	tab.waitIn()
	ada.Say("from the first tab")
	tab.Say("from the second tab")
	for _, p := range []*Phone{ada, tab} {
		p.SeesExactly("from the first tab", "from the second tab")
		p.SeesSent()
		for _, m := range p.Messages() {
			if m.Name != "" {
				t.Errorf("in %s the own message %q is said by %q", p.Guest, m.Text, m.Name)
			}
		}
		p.seesCount(2)
	}
	// What waits in one is not said by the other as well.
	link.Cut()
	ada.Say("offline in the first")
	tab.Say("offline in the second")
	ada.SeesStatus("You are offline")
	link.Mend()
	bob.Until("all four", `document.querySelectorAll('#log > .message').length >= 4`)
	ada.SeesSent()
	tab.SeesSent()
	allSeeTheSame(t, 4, bob, ada, tab)
}

// TestBackAgain follows a link out of the room and comes back.
func TestBackAgain(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	ada.Say("before")
	bob.Sees("before")
	ada.Goto(room.url + "basic")
	bob.Say("while she was elsewhere")
	ada.Back()
	began := time.Now()
	ada.Say("after")
	ada.SeesExactly("before", "while she was elsewhere", "after")
	t.Logf("back in the room in %v", time.Since(began).Round(10*time.Millisecond))
	bob.SeesExactly("before", "while she was elsewhere", "after")
	ada.SeesSent()
}

func sorted(texts []string) []string { return slices.Sorted(slices.Values(texts)) }
