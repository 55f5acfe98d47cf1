package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"warren/chatd/fanout/rabbitmq/node"
)

// TestRoomFull has a RabbitMQ that becomes short of memory while people chat, and
// has some again later. Until then what is written waits, and what was said can be
// read, also by those who come only now.
func TestRoomFull(t *testing.T) {
	const full = "The room is full up"
	room := onRabbitMQ(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	ada.Say("before")
	bob.Sees("before")
	ada.SeesSent()

	t.Cleanup(func() { shared.node.Alarm(node.NoAlarm) }) // the other tests need it, whatever happens here
	if err := shared.node.Alarm(node.Memory); err != nil {
		t.Fatal(err)
	}
	ada.SeesStatus(full) // chatd notices by itself: it says who is here all the time
	bob.SeesStatus(full)
	ada.Say("one that waits")
	ada.Say("and another")
	bob.Say("Bob waits, too")
	ada.SeesPending("one that waits", "and another")
	ada.Shot("room-full-phone")
	bob.Reload() // what waits survives this, too
	bob.SeesStatus(full)
	bob.SeesExactly("before", "Bob waits, too")
	bob.SeesPending("Bob waits, too")

	late := another(t) // a daemon that is started now
	cleo := shared.br.Phone(t, "Cleo", Small)
	cleo.Goto(late.url)
	cleo.Sees("before")
	cleo.SeesStatus(full)
	cleo.Prefer("prefers-color-scheme", "dark")
	cleo.Shot("room-full-phone-dark")

	dan := shared.br.Phone(t, "Dan", Small)
	tell(dan, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	dan.Goto(late.url + "basic")
	dan.Until("the history and the state", `document.querySelector('li .text').textContent === 'before' && document.querySelector('.notice').textContent.startsWith('`+full+`')`)
	dan.Tap("#text")
	dan.Press("from the form")
	dan.Tap("button")
	dan.Until("that it waits", `document.querySelector('[role=alert]')?.textContent.startsWith('Your message waits')`)
	dan.fits()
	dan.Shot("room-full-basic-phone")
	dan.Goto(room.url + "status")
	dan.Until("what the host can do", `document.querySelector('section.notice').textContent.includes('short of memory')`)
	dan.fits()
	dan.Shot("room-full-status-phone")

	if err := shared.node.Alarm(node.NoAlarm); err != nil {
		t.Fatal(err)
	}
	phones := []*Phone{ada, bob, cleo}
	for _, p := range phones {
		p.SeesStatus("")
		p.SeesSent()
	}
	allSeeTheSame(t, 5, phones...)
}
