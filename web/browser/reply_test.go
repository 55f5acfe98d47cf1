package browser

import (
	"fmt"
	"testing"
)

// TestReply has guests who answer each other.
func TestReply(t *testing.T) {
	room := onRabbitMQ(t, "-message-rate", "0")
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	bob.Say("Where is the coffee?\nAnd is there tea, too, for those who cannot have coffee at this time of the day?")
	question := "Where is the coffee?\nAnd is there tea, too, for those who cannot have coffee at this time of the day?"
	room.sayAll("Rob", numbered("small talk %d", 0, 30)...)
	room.sayAll("Rob", "Is this on?")
	ada.At("Is this on?")

	ada.Act("Is this on?", "reply")
	ada.Until("what is answered above the line", `document.activeElement.id === 'text' && document.querySelector('#about').textContent.includes('Rob') && document.querySelector('#about').textContent.includes('Is this on?')`)
	ada.Tap("#about button")
	ada.Until("nothing answered any more", `document.querySelector('#about').hidden`)
	ada.Still()

	See[bool](ada, fmt.Sprintf(`(%s.scrollIntoView({block: 'center'}), true)`, found(question)))
	ada.Still()
	ada.Act(question, "reply")
	ada.fits()
	ada.lookIsRight2()
	ada.Shot("talk-replying-phone")
	ada.Say("In the hall, on the left.")
	ada.SeesSent()
	quotes := func(p *Phone, answer, name, text string) {
		t.Helper()
		p.At(answer)
		p.Until(fmt.Sprintf("a line of %q above %q", text, answer), fmt.Sprintf(
			`((q) => q && q.querySelector('bdi')?.textContent === %s && q.lastChild.textContent.startsWith(%s))(%s.querySelector('.quote'))`,
			quote(name), quote(text), found(answer)))
	}
	for _, p := range []*Phone{ada, bob} {
		quotes(p, "In the hall, on the left.", "Bob", "Where is the coffee? And is there tea")
		p.fits()
	}
	bob.Act("In the hall, on the left.", "reply")
	bob.Say("Thanks!")
	quotes(ada, "Thanks!", "Ada", "In the hall")
	ada.Until("the end of the conversation", atEnd)
	for _, scheme := range []string{"light", "dark"} {
		ada.Prefer("prefers-color-scheme", scheme)
		ada.canBeRead(scheme + ", with replies")
		ada.Shot("talk-reply-phone-" + scheme)
	}

	// A tap on the line leads to where it was said.
	ada.Tap(ada.At("In the hall, on the left.") + " .quote")
	ada.Until("the question in sight, standing out", visible+`(`+found(question)+`) && `+found(question)+`.classList.contains('lit')`)
	ada.Shot("talk-reply-original-phone")
	ada.Until("it stand out no more", `!`+found(question)+`.classList.contains('lit')`)

	// What is changed or gone is so in the answers, too.
	bob.Until("the end of the conversation", atEnd)
	See[bool](bob, fmt.Sprintf(`(%s.scrollIntoView({block: 'center'}), true)`, found(question)))
	bob.Still()
	bob.Act(question, "remove")
	bob.Tap(`[data-act=remove]`)
	quotes(ada, "In the hall, on the left.", "Bob", "This message was deleted.")
}

// lookIsRight2 is lookIsRight further up, where the end is not in sight.
func (p *Phone) lookIsRight2() {
	p.t.Helper()
	p.Until("the line to write in on the screen", `document.querySelector('footer').getBoundingClientRect().bottom <= innerHeight + 1 &&
		document.querySelector('#conversation').getBoundingClientRect().height >= 80`)
}

// TestReplyFar answers what is not on the page: it is fetched.
func TestReplyFar(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	bob := room.enter("Bob", Small)
	bob.Say("the question")
	bob.SeesSent()
	room.sayAll("Rob", numbered("line %d", 0, 450)...)
	See[bool](bob, `(document.querySelector('#conversation').scrollTop = 0, true)`)
	bob.Still()
	bob.Until("the question", found("the question"))
	See[bool](bob, fmt.Sprintf(`(%s.scrollIntoView({block: 'center'}), true)`, found("the question")))
	bob.Still()
	bob.Act("the question", "reply")
	bob.Say("the answer")
	ada := room.enter("Ada", Small)
	at := ada.At("the answer")
	ada.Until("an answer to something unknown", fmt.Sprintf(`document.querySelector('%s .quote.unknown')?.textContent === 'An earlier message'`, at))
	ada.Tap(at + " .quote")
	ada.Until("the question in sight", visible+`(`+found("the question")+`)`)
	ada.Until("its line above the answer", fmt.Sprintf(`document.querySelector('%s .quote').textContent.includes('the question')`, at))
}
