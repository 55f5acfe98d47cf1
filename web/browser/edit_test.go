package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestEdit has a guest who mends what she said, and one who takes it back.
func TestEdit(t *testing.T) {
	room := onRabbitMQ(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Large)
	guests := []*Phone{ada, bob}
	ada.Say("The talk beginns at nine")
	ada.Say("See http://example.com/")
	bob.Say("I should not say this")
	ada.At("I should not say this")

	// Of others' one can change nothing.
	ada.Open("I should not say this")
	if n := See[int](ada, `document.querySelectorAll('[data-act=change], [data-act=remove]').length`); n > 0 {
		t.Error("Ada could change what Bob said")
	}
	// What one was writing is there again afterwards.
	ada.Write("half a thought")
	ada.Act("The talk beginns at nine", "change")
	ada.Until("the text to be changed", `document.activeElement.id === 'text' && document.querySelector('#text').value === 'The talk beginns at nine'`)
	ada.Until("what is changed above the line", `document.querySelector('#about').textContent.includes('Edit')`)
	ada.fits()
	ada.Shot("talk-edit-phone")
	See[bool](ada, `document.querySelector('#text').select() || true`)
	ada.Press("The talk begins at nine")
	ada.Tap("#send")
	ada.Until("the draft as it was", `document.querySelector('#text').value === 'half a thought' && document.querySelector('#about').hidden`)
	for _, p := range guests {
		p.SeesExactly("The talk begins at nine", "See http://example.com/", "I should not say this")
		p.Until("the mark that it was edited", fmt.Sprintf(`%s.querySelector('.under').textContent.includes('edited')`, found("The talk begins at nine")))
		p.SeesSent()
	}

	bob.Open("I should not say this")
	bob.Tap(`[data-act=remove]`)
	bob.Until("to be asked once more", `document.querySelector('[data-act=remove]').textContent === 'Really delete?'`)
	bob.Tap(`[data-act=remove]`)
	for _, p := range guests {
		p.SeesExactly("The talk begins at nine", "See http://example.com/", "This message was deleted.")
		if See[bool](p, `document.body.innerHTML.includes('I should not say this')`) {
			t.Errorf("%s's page still holds what was deleted", p.Guest)
		}
	}
	ada.Shot("talk-deleted-phone")
	ada.Tap(ada.At("This message was deleted.") + " .text")
	ada.Until("the time, and nothing to do", `document.querySelector('.actions .when') && !document.querySelector('.actions button')`)

	// On a laptop: the arrow, and Escape.
	bob.Say("one more thign")
	bob.At("one more thign")
	bob.Tap("#text")
	bob.Press(kb.ArrowUp)
	bob.Until("the text to be changed", `document.querySelector('#text').value === 'one more thign'`)
	bob.Press(kb.Escape)
	bob.Until("an empty line", `document.querySelector('#text').value === '' && document.querySelector('#about').hidden`)
	bob.Press(kb.ArrowUp)
	bob.Press("\b\bng" + kb.Enter)
	ada.Sees("one more thing")
	bob.SeesSent()

	late := room.enter("Dora", Small)
	late.SeesExactly("The talk begins at nine", "See http://example.com/", "This message was deleted.", "one more thing")
}

// TestEditTooLate has a phone whose clock goes wrong: the room knows better, and
// the page says so.
func TestEditTooLate(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada := room.enter("Ada", Small)
	ada.Say("said long ago")
	ada.Open("said long ago")
	ada.Until("a way to edit", `document.querySelector('[data-act=change]')`)
	ada.Tap(".message .text")
	See[bool](ada, `(Date.now = ((now) => () => now() + 601e3)(Date.now), true)`)
	ada.Open("said long ago")
	if n := See[int](ada, `document.querySelectorAll('[data-act=change], [data-act=remove]').length`); n > 0 {
		t.Error("Ada is offered to change what she said ten minutes ago")
	}
}

// TestDeletedIsNotOffered deletes a message, and then the room loses its log: what
// was said of late is said to the new one, but not that.
func TestDeletedIsNotOffered(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada := room.enter("Ada", Small)
	excuseLostLine(ada)
	ada.Say("kept")
	ada.Say("mispeld")
	ada.Say("taken back")
	ada.SeesSent()
	ada.Act("taken back", "remove")
	ada.Tap(`[data-act=remove]`)
	ada.Act("mispeld", "change")
	See[bool](ada, `document.querySelector('#text').select() || true`)
	ada.Press("misspelled")
	ada.Tap("#send")
	ada.SeesExactly("kept", "misspelled", "This message was deleted.")
	ada.SeesSent()
	room.chatd.Stop()
	room.chatd.Start()
	ada.SeesExactly("kept", "misspelled")
	ada.SeesSent()
}
