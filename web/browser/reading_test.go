package browser

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/gorilla/websocket"
)

// shell is a guest with the plain text protocol, as with websocat.
func (r *room) shell(name string) *websocket.Conn {
	r.t.Helper()
	u := url.URL{Scheme: "ws", Host: r.chatd.Addr, Path: "/websocket", RawQuery: url.Values{"name": {name}}.Encode()}
	conn, _, err := websocket.DefaultDialer.Dial(u.String(), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	return conn
}

// sayAll says texts one after the other and waits until the last is out.
func (r *room) sayAll(name string, texts ...string) {
	r.t.Helper()
	conn := r.shell(name)
	go func() {
		for _, text := range texts {
			conn.WriteMessage(websocket.TextMessage, []byte(text))
		}
	}()
	for n := 0; n < len(texts); {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			r.t.Fatalf("after %d of %d messages: %v", n, len(texts), err)
		}
		if strings.HasPrefix(string(frame), name+": ") {
			n++
		}
	}
	conn.Close()
}

func numbered(format string, from, to int) (texts []string) {
	for i := from; i < to; i++ {
		texts = append(texts, fmt.Sprintf(format, i))
	}
	return texts
}

const (
	atEnd   = `document.querySelector('#jump').hidden && (({scrollHeight, clientHeight, scrollTop}) => scrollHeight - clientHeight - scrollTop < 2)(document.querySelector('#conversation'))`
	place   = `document.querySelector('#conversation').scrollTop`
	visible = `((el) => { if (!el) return false; const r = el.getBoundingClientRect(); const c = document.querySelector('#conversation').getBoundingClientRect();
		return r.top >= c.top - 1 && r.bottom <= c.bottom + 1; })`
)

// TestReadingUp scrolls up while others go on talking.
func TestReadingUp(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	room.sayAll("Rob", numbered("old %d", 0, 60)...)
	for i, d := range []Device{Small, Large} {
		ada := room.enter(fmt.Sprintf("Ada%d", d.Width), d)
		ada.Until("the end of the conversation", atEnd)
		n := len(ada.Messages())
		ada.Scroll(-600)
		ada.Until("the way back down", `!document.querySelector('#jump').hidden`)
		before := See[float64](ada, place)

		room.sayAll("Rob", numbered(fmt.Sprint(d.Width)+" new %d", 0, 7)...)
		ada.Until("a count of 7 at the way back down", `document.querySelector('#jump').textContent.trim() === '7'`)
		if after := See[float64](ada, place); after != before {
			t.Errorf("on %d pixels Ada reads further up, and is moved by %v pixels when others speak", d.Width, after-before)
		}
		ada.Until("an unread line above the first new message", fmt.Sprintf(
			`[...document.querySelectorAll('#log > .message')][%d].querySelector('.divider.new')`, n))
		ada.Scroll(650)
		ada.Until("the unread line in sight", visible+`(document.querySelector('.divider.new'))`)
		ada.Until("the way back down, still", `!document.querySelector('#jump').hidden`)
		ada.seesCount(i + 1) // Rob has left, the other Ada is there
		ada.Shot(map[Device]string{Small: "unread-jump-phone", Large: "unread-jump-laptop"}[d])
		ada.Tap("#jump")
		ada.Until("the end of the conversation, after the jump", atEnd)
		room.sayAll("Rob", fmt.Sprint(d.Width, " last"))
		ada.Until("the end, followed again", atEnd+` && document.querySelector('#log').lastChild.textContent.includes('last')`)
	}
}

// TestOlderOvertaken has an answer about older messages that comes while so many
// new ones wait for the next frame that the page must forget what it asked about.
func TestOlderOvertaken(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	room.sayAll("Rob", "the very first")
	ada := room.enter("Ada", Small)
	ada.Before(`Object.defineProperty(WebSocket.prototype, 'onmessage', {set(take) {
		if (!take) return;
		this.addEventListener('message', (event) => {
			if (!window.answer && event.data.includes('"type":"older"')) window.answer = () => take(event);
			else take(event);
			if (event.data.includes('line 1099')) window.last = true;
		});
	}})`)
	ada.Reload()
	ada.waitIn()
	ada.Sees("the very first")
	ada.Until("an answer about older messages, which is held", `Boolean(window.answer)`)
	See[int](ada, `([window.draws, window.frame] = [[], requestAnimationFrame], window.requestAnimationFrame = (draw) => draws.push(draw), 0)`)
	room.sayAll("Rob", numbered("line %d", 0, 1100)...)
	ada.Until("the last message, not on the screen yet", `window.last`)
	See[int](ada, `(answer(), window.requestAnimationFrame = frame, draws.forEach((draw) => frame(draw)), 0)`)
	ada.Sees("line 1099")
	for range 30 {
		if See[bool](ada, `document.querySelector('#log').textContent.includes('the very first')`) {
			break
		}
		See[int](ada, `document.querySelector('#conversation').scrollTop = 0`)
		ada.Still()
	}
	ada.SeesExactly(append([]string{"the very first"}, numbered("line %d", 0, 1100)...)...)
}

// TestOlder scrolls up to the beginning of a long history.
func TestOlder(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	said := numbered("message %d", 0, 450)
	room.sayAll("Rob", said...)
	ada := room.enter("Ada", Small)
	ada.Until("the end of the conversation", atEnd)
	if n := len(ada.Messages()); n < 150 || n > 300 {
		t.Errorf("Ada comes in and is shown %d messages of history", n)
	}
	for range 10 {
		n := len(ada.Messages())
		if n == len(said) {
			break
		}
		moved := See[float64](ada, `new Promise((done, fail) => {
			const scroller = document.querySelector('#conversation');
			scroller.scrollTop = 300;
			const top = scroller.getBoundingClientRect().top;
			const first = [...document.querySelectorAll('#log > .message')].find((m) => m.getBoundingClientRect().top >= top);
			const text = first.querySelector('.text');
			const before = text.getBoundingClientRect().top;
			new MutationObserver(() => requestAnimationFrame(() => done(text.getBoundingClientRect().top - before)))
				.observe(document.querySelector('#log'), {childList: true});
			setTimeout(() => fail(new Error('no older messages come')), 10000);
		})`)
		if moved < -2 || moved > 2 {
			t.Errorf("older messages come in above %d, and what Ada reads moves by %v pixels", n, moved)
		}
		ada.Until("more messages than before", fmt.Sprintf(`document.querySelectorAll('#log > .message').length > %d`, n))
	}
	ada.SeesExactly(said...)
	See[bool](ada, `Boolean(document.querySelector('#conversation').scrollTop = 0)`)
	ada.Until("a word that this is the beginning", `document.querySelector('#edge').textContent.includes('as far back')`)
	ada.Shot("beginning-phone")
}

// TestHidden has a phone in a pocket: the title counts what is missed.
func TestHidden(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	ada := room.enter("Ada", Large)
	room.sayAll("Rob", "seen")
	ada.Sees("seen")
	title := See[string](ada, "document.title")

	show := ada.hide()
	room.sayAll("Rob", "missed 1", "missed 2", "missed 3")
	ada.Until("a title that counts", `document.title === '(3) `+title+`'`)
	show()
	ada.Until("the title as it was", `document.title === `+quote(title))
	ada.Until("an unread line above what was missed", `document.querySelector('.divider.new')?.parentNode.textContent.includes('missed 1')`)
	ada.Until("what was missed in sight", visible+`([...document.querySelectorAll('#log > .message')].at(-1))`)
	if see := ada.Texts(); !slices.Equal(see, []string{"seen", "missed 1", "missed 2", "missed 3"}) {
		t.Errorf("Ada sees %q", see)
	}
}

// hide opens another tab in front of the page; the func it returns closes it.
func (p *Phone) hide() (show func()) {
	p.t.Helper()
	p.pretendFocus(false)
	c := chromedp.FromContext(p.ctx)
	tab, err := chromedp.CallBrowser(p.brief(), target.CreateTarget, target.CreateTargetParams{URL: "about:blank", BrowserContextID: c.BrowserContextID})
	p.must(err)
	p.Until("to be hidden", "document.hidden")
	return func() {
		_, err := chromedp.CallBrowser(p.brief(), target.CloseTarget, target.CloseTargetParams(tab))
		p.must(err)
		p.Until("to be in front", "!document.hidden")
		p.pretendFocus(true)
	}
}

// TestReadingOnKeys reads with the keyboard alone.
func TestReadingOnKeys(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	room.sayAll("Rob", numbered("line %d", 0, 80)...)
	ada := room.enter("Ada", Large)
	ada.Until("the end of the conversation", atEnd)
	See[bool](ada, `document.querySelector('#conversation').focus() || true`)
	ada.Press(kb.Home)
	ada.Until("the beginning", place+` === 0`)
	ada.Still()
	ada.Press(kb.End)
	ada.Until("the end again", atEnd)
}
