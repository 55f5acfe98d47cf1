package browser

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
)

// slow makes the phone an old one: a few times slower than this machine.
func (p *Phone) slow(times float64) {
	p.t.Helper()
	tell(p, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: times})
}

// oldPhone is how much slower than a laptop the phones are that guests have had
// for years.
const oldPhone = 6

// TestFirstMessage opens the page on an old phone: what was said is on the screen
// soon after the page has been loaded. The best of three counts, for the machine
// has other things to do.
func TestFirstMessage(t *testing.T) {
	room := inProcess(t, "-message-rate", "0")
	room.sayAll("Rob", numbered("message %d", 0, 500)...)
	best := time.Hour
	for i := range 3 {
		ada := shared.br.Phone(t, fmt.Sprint("Ada", i), Small)
		ada.slow(oldPhone)
		// A frame after the first message is there it has been painted.
		ada.Before(`addEventListener('DOMContentLoaded', () => {
			new MutationObserver((_, seen) => {
				if (!document.querySelector('#log > .message')) return;
				seen.disconnect();
				requestAnimationFrame(() => setTimeout(() => (window.firstMessage = performance.now())));
			}).observe(document.body, {childList: true, subtree: true});
		})`)
		ada.Goto(room.url)
		ada.Until("a message", `window.firstMessage > 0`)
		ms := See[struct{ Load, Message float64 }](ada, `({Load: performance.getEntriesByType('navigation')[0].loadEventEnd, Message: window.firstMessage})`)
		t.Logf("a phone %d times slower has loaded the page after %.0f ms, and shows the first message after %.0f ms", oldPhone, ms.Load, ms.Message)
		best = min(best, time.Duration((ms.Message-ms.Load)*float64(time.Millisecond)))
	}
	if best > 1500*time.Millisecond {
		t.Errorf("the first message is on the screen %v after the page was loaded: people wait 1.5 s", best)
	}
}

// TestLongScroll reads a long log, from the last message to the first, as fast
// as the page shows them. WARREN_SCROLL says how many; ten thousand take two
// minutes.
func TestLongScroll(t *testing.T) {
	messages := 1500
	if n, err := strconv.Atoi(os.Getenv("WARREN_SCROLL")); err == nil {
		messages = n
	}
	room := inProcess(t, "-message-rate", "0")
	room.sayAll("Rob", numbered("message %d: some words, and then some more words", 0, messages)...)
	ada := room.enter("Ada", Small)
	ada.Until("the end of the conversation", atEnd)
	ada.slow(oldPhone)
	// Half a screen up in each frame, and how long each took.
	See[bool](ada, `(() => {
		const scroller = document.querySelector('#conversation');
		const told = (window.scrolled = {frames: [], over: false, begun: performance.now()});
		let last = told.begun;
		const step = (now) => {
			told.frames.push(now - last);
			last = now;
			scroller.scrollTop -= scroller.clientHeight / 2;
			told.over = document.querySelector('#edge').textContent.includes('as far back');
			if (!told.over) requestAnimationFrame(step);
			else told.took = now - told.begun;
		};
		requestAnimationFrame(step);
		return true;
	})()`)
	Eventually(t, 5*time.Minute, func() bool { return See[bool](ada, `window.scrolled.over`) }, func() string {
		return "Ada scrolls up and does not come to the beginning\n" + ada.Screen()
	})
	frames := See[[]float64](ada, `window.scrolled.frames`)
	slices.Sort(frames)
	at := func(q float64) float64 { return frames[int(q*float64(len(frames)-1))] }
	t.Logf("%d messages scrolled on a phone %d times slower in %.1f s, %d frames: median %.0f ms, 95 %% %.0f ms, 99 %% %.0f ms, longest %.0f ms; %d nodes at the end",
		messages, oldPhone, See[float64](ada, `window.scrolled.took`)/1000, len(frames), at(.5), at(.95), at(.99), at(1), See[int](ada, `document.querySelectorAll('*').length`))
	if first := ada.Texts()[0]; first != "message 0: some words, and then some more words" {
		t.Errorf("at the beginning Ada reads %q", first)
	}
	if at(.95) > 250 {
		t.Errorf("one frame in twenty takes more than %.0f ms: scrolling stutters", at(.95))
	}
}
