package browser

import (
	"fmt"
	"testing"
)

// writes fills the line to write in anew.
func (p *Phone) writes(text string) {
	p.t.Helper()
	See[bool](p, `(document.querySelector('#text').select(), true)`)
	p.Paste(text)
}

// hasDraft waits until this stands in the line to write in, and neither answers
// nor changes anything.
func (p *Phone) hasDraft(text string) {
	p.t.Helper()
	p.Until("nothing answered or changed, and the draft "+text, fmt.Sprintf(
		`!document.querySelector('#closed').checkVisibility() && document.querySelector('#about').hidden && document.querySelector('#about').innerText === '' && document.querySelector('#text').value === %s`, quote(text)))
}

// TestAnswerEnds: what is written to answer or to change a message is that no more
// when this cannot be done: the room was closed meanwhile, the message is gone, or
// its log. It stays as a draft, and is a message of its own then.
func TestAnswerEnds(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-host-code", hostCode)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Large)
	host := room.ruler()
	want := []string{"first"}
	ada.Say("first")
	bob.Sees("first")
	sends := func(text string) {
		t.Helper()
		ada.hasDraft(text)
		ada.Tap("#send")
		want = append(want, text)
		for _, p := range []*Phone{ada, bob} {
			p.SeesExactly(want...)
			p.Until("no quote, and nothing edited", `!document.querySelector('.quote, .under')`)
		}
	}
	shut := func(verb string) {
		t.Helper()
		host.does(verb, nil)
		ada.cannotWrite("")
		if n := See[int](ada, `document.querySelectorAll('#about:not([hidden]), .actions').length`); n > 0 {
			t.Errorf("after %s there is still something to answer", verb)
		}
		host.does(verb, fields{"undo": true})
		ada.canWrite()
	}

	ada.Write("half a thought")
	ada.Act("first", "change")
	ada.writes("first, and longer")
	ada.Open("first")
	shut("lock")
	sends("first, and longer\nhalf a thought")
	ada.Act("first", "change")
	shut("off")
	ada.hasDraft("") // what was not changed is no draft
	ada.Act("first", "reply")
	ada.Write("an answer")
	shut("lock")
	sends("an answer")

	// A message that goes takes what is written about it along, but for the words.
	bob.Say("bad")
	ada.Act("bad", "reply")
	ada.Write("to what is hidden")
	host.does("hide", fields{"to": ada.offsetOf("bad")})
	want = append(want, "The host has hidden this message.")
	sends("to what is hidden")
	ada.Act("first", "reply")
	ada.Write("to what is cleared")
	host.does("clear", nil)
	want = nil
	sends("to what is cleared")

	// Another log has other messages at the same places.
	ada.Act("to what is cleared", "reply")
	ada.Write("to what was before")
	host.does("erase", nil)
	want = nil
	sends("to what was before")
}

// TestSoughtNoMore: a message that was looked for when the line broke is not looked
// for when the reader scrolls up later, for another reason.
func TestSoughtNoMore(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0", "-host-code", hostCode)
	bob := room.enter("Bob", Small)
	bob.Say("the question")
	to := bob.offsetOf("the question")
	room.sayAll("Rob", numbered("line %d", 0, 500)...)
	room.ruler().write(fields{"type": "say", "ref": "an-answer", "text": "the answer", "reply_to": to})
	ada, link := room.linked("Ada", Small)
	at := ada.At("the answer")
	link.Silence()
	ada.Tap(at + " .quote")
	ada.Until("that it is looked for", `document.querySelector('#edge').textContent === 'Looking further back…'`)
	link.Cut()
	ada.SeesStatus("You are offline")
	link.Mend()
	ada.SeesStatus("")
	See[bool](ada, `(document.querySelector('#conversation').scrollTop = 0, true)`)
	ada.Until("one page more", `document.querySelectorAll('#log > .message').length >= 290 && document.querySelector('#edge').textContent === ''`)
	if See[bool](ada, `Boolean(document.querySelector('.lit'))`) {
		t.Error("Ada scrolls up, and is taken to what she looked for before the line broke")
	}
}

// TestOlderFromNothing has a phone to which nothing of the recent log is sent: it
// asks for what is older, until it is answered and no more.
func TestOlderFromNothing(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	room.sayAll("Rob", "one", "two")
	ada := shared.br.Phone(t, "Ada", Small)
	ada.Before(`window.asked = 0;
		WebSocket = class extends WebSocket {
			set onmessage(heard) {
				super.onmessage = heard && ((event) => JSON.parse(event.data).type === 'log' || heard(event));
				this.hears = (frame) => heard({ data: JSON.stringify(frame) });
			}
			send(text) {
				if (JSON.parse(text).type !== 'older' || ++asked > 1) return super.send(text);
				this.hears({ type: 'refused', why: 'away', text: '', retry_ms: 10 });
			}
		};`)
	ada.Goto(room.url)
	ada.waitIn()
	ada.SeesExactly("one", "two")
	ada.Until("no word that it is quiet", `!document.querySelector('#empty').checkVisibility() && document.querySelector('#edge').textContent.startsWith('This is as far back')`)
	ada.Reload()
	ada.waitIn()
	ada.SeesExactly("one", "two")
	if n := See[int](ada, `asked`); n != 2 {
		t.Errorf("Ada's page asks for older messages %d times, the first of which is refused", n)
	}
}
