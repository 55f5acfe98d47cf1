package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestMention has guests who call each other.
func TestMention(t *testing.T) {
	room := onRabbitMQ(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Large)
	room.enter("Adam the First", Small)
	bob.seesCount(3)
	ada.seesCount(3)

	bob.Tap("#people")
	bob.Until("everybody's name", `document.querySelector('#guests ul').textContent.includes('Adam the First') && document.querySelector('#guests ul').textContent.includes('Ada')`)
	bob.Tap("#people")
	bob.Write("Hello @a")
	offered := `[...document.querySelectorAll('#offers li')].map((li) => li.textContent).join()`
	bob.Until("both names offered", offered+` === 'Ada,Adam the First'`)
	bob.Press("d")
	bob.Until("the first chosen", `document.querySelector('#offers [aria-selected=true]').textContent === 'Ada' &&
		document.querySelector('#text').getAttribute('aria-activedescendant') === document.querySelector('#offers [aria-selected=true]').id`)
	bob.Shot("talk-mention-laptop")
	bob.Press(kb.ArrowDown)
	bob.Until("the second chosen", `document.querySelector('#offers [aria-selected=true]').textContent === 'Adam the First'`)
	bob.Press(kb.ArrowUp + kb.Enter)
	bob.Until("the name in the line", `document.querySelector('#text').value === 'Hello @Ada ' && document.querySelector('#offers').hidden`)
	show := ada.hide()
	bob.Press("and @Adam the First, not @Nobody or mail@Ada" + kb.Enter)
	ada.Until("a title that says that she is called", `document.title === '(1) @ rabbit'`)
	bob.Say("something else")
	ada.Until("a title that goes on counting", `document.title === '(2) @ rabbit'`)
	show()
	ada.Until("the title as it was", `document.title === 'rabbit'`)

	text := "Hello @Ada and @Adam the First, not @Nobody or mail@Ada"
	for _, p := range []*Phone{ada, bob} {
		p.At(text)
		p.Until("what is a mention marked as one", fmt.Sprintf(`[...%s.querySelectorAll('.mention')].map((m) => m.textContent).join() === '@Ada,@Adam the First'`, found(text)))
	}
	if me := See[string](ada, `[...document.querySelectorAll('.mention.you')].map((m) => m.textContent).join()`); me != "@Ada" {
		t.Errorf("Ada sees as her own name: %q", me)
	}
	if h := See[float64](ada, `document.querySelector('.mention.you').getBoundingClientRect().height`); h > 30 {
		t.Errorf("Ada's name in the text is %v pixels high", h)
	}
	if n := See[int](ada, `document.querySelectorAll('.to-me').length`); n != 1 {
		t.Errorf("%d messages stand out as said to Ada, 1 was", n)
	}
	if n := See[int](bob, `document.querySelectorAll('.to-me, .mention.you').length`); n != 0 {
		t.Errorf("%d messages stand out as said to Bob, none was", n)
	}

	// With a finger.
	ada.Write("@bo")
	ada.Until("Bob offered", offered+` === 'Bob'`)
	ada.fits()
	ada.Shot("talk-mention-phone")
	ada.Tap("#offers li")
	ada.Until("the name in the line, and the keyboard still there", `document.querySelector('#text').value === '@Bob ' && document.activeElement.id === 'text'`)
	ada.Press("hi")
	ada.Tap("#send")
	bob.Until("his name marked", `[...document.querySelectorAll('.mention.you')].map((m) => m.textContent).join() === '@Bob'`)
	for _, scheme := range []string{"light", "dark"} {
		bob.Prefer("prefers-color-scheme", scheme)
		bob.canBeRead(scheme + ", with mentions")
		bob.Shot("talk-mentioned-laptop-" + scheme)
	}
}

// TestAction has somebody who does something, with /me.
func TestAction(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	bob.Say("Good evening")
	ada.Say("/me waves")
	bob.Say("/me bows")
	ada.Say("Good evening, @Bob")
	for _, p := range []*Phone{ada, bob} {
		p.Sees("Good evening, @Bob")
		if lines := See[string](p, `[...document.querySelectorAll('.action')].map((m) => [m.querySelector('.who bdi').textContent, m.querySelector('.text').textContent].join(' ')).join()`); lines != "Ada waves,Bob bows" {
			t.Errorf("%s sees done: %s", p.Guest, lines)
		}
		p.fits()
	}
	ada.SeesSent()
	ada.Shot("talk-action-phone")
	// On one line.
	if d := See[float64](ada, `((m) => m.querySelector('.text').getBoundingClientRect().bottom - m.querySelector('.who bdi').getBoundingClientRect().bottom)(document.querySelector('.action'))`); d < -8 || d > 8 {
		t.Errorf("who does it, and what, stand %v pixels apart", d)
	}
}
