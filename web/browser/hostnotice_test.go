package browser

import (
	"fmt"
	"testing"
)

// frames changes what a host's page hears and says: the host's frames get more
// fields, and some verbs never leave; the test answers them.
const frames = `window.more = JSON.parse(sessionStorage.more || '{}'); window.kept = [];
	WebSocket = class extends WebSocket {
		set onmessage(heard) {
			super.onmessage = heard && ((event) => {
				const frame = JSON.parse(event.data);
				heard({ data: JSON.stringify(frame.type === 'host' ? { ...frame, ...more } : frame) });
			});
			window.hears = (frame) => heard({ data: JSON.stringify(frame) });
		}
		send(text) {
			const frame = JSON.parse(text);
			if (frame.verb === 'erase') kept.push(frame);
			else super.send(text);
		}
	};`

// TestHostIsTold: what the room does not know, or could not do, is said on the
// host's page, with what to do about it.
func TestHostIsTold(t *testing.T) {
	t.Parallel()
	room := inProcess(t, hosted(t)...)
	room.sayAll("Rob", "something")
	gail := room.host("Gail", Small)
	gail.Before(frames)
	tells := func(offset int) {
		t.Helper()
		See[bool](gail, fmt.Sprintf(`(sessionStorage.more = JSON.stringify({unknown: %d}), true)`, offset))
		gail.Reload()
		gail.hosts()
		gail.row("something")
	}
	const shown = `document.querySelector('#unknown').checkVisibility()`
	tells(0)
	gail.Until("that the beginning is gone", shown+` && document.querySelector('#unknown p').textContent.startsWith('The beginning of the log is gone')`)
	for _, scheme := range []string{"light", "dark"} {
		gail.Prefer("prefers-color-scheme", scheme)
		gail.canBeRead(scheme + ", with what is not known")
		gail.Accessible(scheme + ", with what is not known")
		gail.Shot("host-unknown-phone-" + scheme)
	}
	gail.fits()
	gail.Tap("#unknown button")
	gail.Until("it put away", "!"+shown)
	tells(0)
	if See[bool](gail, shown) {
		t.Error("Gail has looked, and is told again")
	}
	tells(41)
	gail.Until("that more is gone", shown)
	gail.Tap("#unknown button")

	for why, sentence := range map[string]string{"busy": "is being emptied already", "failed": "did not answer"} {
		gail.opens("room", "#open-room")
		gail.opens("ask", gail.scrolledTo("#erase"))
		gail.Tap("#answer")
		gail.Paste("rabbit")
		gail.Tap("#yes")
		gail.Until("that it is under way", `document.body.classList.contains('busy') && kept.length === 1`)
		See[bool](gail, fmt.Sprintf(`(hears({type: 'refused', ref: kept.pop().ref, why: '%s', text: '', retry_ms: 1000}), true)`, why))
		gail.Until("why it was not done", fmt.Sprintf(`!document.body.classList.contains('busy') && document.querySelector('#ask .problem').textContent.includes('%s')`, sentence))
		gail.Shot("host-erase-" + why + "-phone")
		gail.shut()
	}
}
