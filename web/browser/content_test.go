package browser

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// hostile is what would run or load something if it were not taken as text.
// None of it fits into a name; hostileName does.
var hostile = []string{
	`<script>alert(1)</script>`,
	`<img src=x onerror=alert(1)>`,
	`<img src=http://elsewhere.example/pixel.png>`,
	`<svg onload=alert(1)><use href="http://elsewhere.example/a.svg#b"/></svg>`,
	`"><iframe src="javascript:alert(1)"></iframe>`,
	`</textarea></p></li></ol><form action=http://elsewhere.example><button>x</button></form>`,
	`<a href="javascript:alert(1)">free carrots</a>`,
	`<style>body{display:none}</style>`,
	`<base href="http://elsewhere.example/">`,
	`<!-- <x --><meta http-equiv="refresh" content="0;url=http://elsewhere.example/">`,
	`{{.Title}} ${alert(1)} #{alert(1)} %{alert(1)} \u003cscript\u003e`,
	`&lt;b&gt; &amp; &#60;i&#62;`,
	`'; alert(1); //  ");alert(1)//  */alert(1)/*`,
	`[click](javascript:alert(1)) ![x](http://elsewhere.example/x.png)`,
	`__proto__ constructor toString`,
}

const hostileName = `<svg/onload=alert(1)>`

// strange is what is honest and hard to show.
var strange = []string{
	strings.Repeat("Donaudampfschiff", 19), // a word of 304 letters
	"مرحبا بالعالم، هذا سطر طويل من اليمين إلى اليسار مع English في المنتصف",
	"שלום עולם",
	"turned around: \u202egnp.exe\u202c and \u2067isolated\u2069",
	"a\tb  c\n\n\nwith   spaces\n  and lines",
	"Z\u0301\u0302\u0303a\u0301\u0302\u0303l\u0301g\u0302o\u0303",
	strings.Repeat("👩‍👩‍👧‍👦", 5) + " and words",
	"http://" + strings.Repeat("long.", 60) + "example/" + strings.Repeat("x", 200),
	strings.Repeat("│", 200),
	"…",
}

const unclickable = "javascript:alert(1) JAVASCRIPT:alert(1) data:text/html,<script>alert(1)</script> vbscript:x file:///etc/passwd " +
	"http:// https://? //elsewhere.example mailto:a@b.example java\nscript:alert(1)"

// TestHostileContent says everything to a page that should not be taken at its
// word: from the page, the shell, and AMQP. It arrives as what it is: text.
func TestHostileContent(t *testing.T) {
	room := onRabbitMQ(t, "-message-rate", "0", "-title", "<b>rabbit</b>")
	ada := room.enter("Ada", Small)
	bob := room.enter("Bob", Small)
	bob.Rename(hostileName)
	if title := See[string](ada, `document.querySelector('h1').textContent`); title != "<b>rabbit</b>" {
		t.Errorf("Ada reads the title %q", title)
	}

	// On one channel: what comes through several is in no order.
	client := channel(t)
	publish := func(msg amqp.Publishing) {
		t.Helper()
		if err := client.Publish("chat", "", false, false, msg); err != nil {
			t.Fatal(err)
		}
	}
	bob.Say(hostile[0])
	want := []string{hostile[0]}
	ada.Sees(hostile[0])
	room.sayAll(hostileName, hostile[1:]...)
	want = append(want, hostile[1:]...)
	room.sayAll("Rob", append(strange, unclickable)...)
	want = append(append(want, strange...), unclickable)
	for i, name := range []string{hostileName, "", "Ada"} {
		text := fmt.Sprint(hostile[1], " over AMQP ", i)
		publish(amqp.Publishing{ContentType: "text/plain", AppId: name, Body: []byte(text)})
		want = append(want, text)
	}
	record := `{"from":{"id":%s,"name":` + quote(hostileName) + `},"text":` + quote(hostile[3]+" in a record") + `}`
	publish(amqp.Publishing{ContentType: "application/json", Type: "message", MessageId: "one", Body: fmt.Appendf(nil, record, `"aaaabbbbccccdddd"`)})
	want = append(want, hostile[3]+" in a record")

	// What cannot be read is left out, and stops nothing.
	publish(amqp.Publishing{ContentType: "application/json", Type: "message", MessageId: "zero", Body: fmt.Appendf(nil, record, `"<b>\"'"`)})
	publish(amqp.Publishing{ContentType: "application/json", Type: "message", MessageId: "two", Body: []byte(`{"text":{"a":1}}`)})
	publish(amqp.Publishing{ContentType: "application/json", Type: "message", MessageId: "three", Body: []byte(`[null`)})
	publish(amqp.Publishing{ContentType: "application/json", Type: "no such type", MessageId: "four", Body: []byte(`{}`)})
	publish(amqp.Publishing{ContentType: "text/plain", AppId: "curl", Body: []byte("\xff\xfe not UTF-8")})
	publish(amqp.Publishing{ContentType: "text/plain", AppId: "curl", Body: []byte("the last word")})
	for _, p := range []*Phone{ada, bob} {
		p.Sees("the last word")
		seen := p.Texts()
		for _, text := range want {
			if n := len(slices.DeleteFunc(slices.Clone(seen), func(s string) bool { return s != text })); n != 1 {
				t.Errorf("%s sees %d times: %q", p.Guest, n, text)
			}
		}
		if n := See[int](p, `document.querySelectorAll('#log :is(script, img, iframe, form, style, base, meta, object, embed, link)').length`); n > 0 {
			t.Errorf("%d messages to %s have become elements of the page", n, p.Guest)
		}
		p.fits()
	}
	if name := ada.Messages()[0].Name; name != hostileName {
		t.Errorf("Ada sees the name %q", name)
	}
	ada.Shot("hostile-phone")
	ada.Tap("#people")
	ada.fits()
	ada.Shot("hostile-presence-phone")
}

// fits checks that nothing is wider than the screen.
func (p *Phone) fits() {
	p.t.Helper()
	if wide := See[[]string](p, `[...document.querySelectorAll('body *')]
		.filter((el) => el.checkVisibility() && !el.closest('.symbols') && (el.getBoundingClientRect().right > innerWidth + 1 || el.getBoundingClientRect().left < -1)
			|| (el === document.documentElement || el.id === 'conversation') && el.scrollWidth > el.clientWidth)
		.map((el) => el.outerHTML.slice(0, 100))`); len(wide) > 0 {
		p.t.Errorf("wider than the screen of %s, %d pixels: %q", p.Guest, p.Device.Width, wide[:min(3, len(wide))])
	}
	if w := See[int64](p, `document.documentElement.scrollWidth`); w > p.Device.Width {
		p.t.Errorf("the page of %s is %d pixels wide on a screen of %d", p.Guest, w, p.Device.Width)
	}
}

// TestText shows text as its author meant it.
func TestText(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	last := `[...document.querySelectorAll('.message .text')].at(-1)`

	bob.Say("see http://example.com/a?b=c&d=(e). Or (https://example.org/x), or HTTP://EXAMPLE.COM!")
	ada.Sees("see http://example.com/a?b=c&d=(e). Or (https://example.org/x), or HTTP://EXAMPLE.COM!")
	links := See[[]string](ada, `[...`+last+`.querySelectorAll('a')].map((a) => a.textContent + ' ' + a.rel)`)
	if !slices.Equal(links, []string{"http://example.com/a?b=c&d=(e) noopener noreferrer", "https://example.org/x noopener noreferrer", "HTTP://EXAMPLE.COM noopener noreferrer"}) {
		t.Errorf("Ada sees these links: %q", links)
	}
	bob.Say(unclickable)
	ada.Sees(unclickable)
	if bad := See[[]string](ada, `[...document.querySelectorAll('a')].map((a) => a.href).filter((href) => !/^https?:/.test(href))`); len(bad) > 0 {
		t.Errorf("Ada could tap these: %q", bad)
	}

	bob.Say("שלום עולם")
	ada.Sees("שלום עולם")
	if dir := See[string](ada, `getComputedStyle(`+last+`).direction`); dir != "rtl" {
		t.Errorf("Ada sees Hebrew written %s", dir)
	}
	size := `parseFloat(getComputedStyle(` + last + `).fontSize)`
	words := See[float64](ada, size)
	bob.Say("🐇🥕")
	ada.Sees("🐇🥕")
	if emoji := See[float64](ada, size); emoji < 2*words {
		t.Errorf("Ada sees emoji of %v pixels among words of %v", emoji, words)
	}
	ada.Shot("text-phone")

	when := `[...document.querySelectorAll('.message')].at(-1).textContent.includes(String(new Date().getFullYear()))`
	ada.Tap(".message:last-child .text")
	ada.Until("the full date, after a tap", when)
	ada.Tap(".message:last-child .text")
	ada.Until("no date, after another", `!`+when)

	paste := strings.Join(numbered("line %d of a long paste", 0, 500), "\n")
	bob.Say(paste)
	ada.Until("the long paste", last+`.textContent.startsWith('line 0 of')`)
	height := `[...document.querySelectorAll('.message')].at(-1).getBoundingClientRect().height`
	if h := See[float64](ada, height); h > 500 {
		t.Errorf("a paste of 500 lines is %v pixels high in Ada's page", h)
	}
	ada.Still()
	ada.Shot("long-paste-phone")
	ada.Tap(".message:last-child button.more")
	ada.Until("the whole paste", last+`.textContent === `+quote(paste))
	ada.fits()
	ada.Until("a way to fold it again", `document.querySelector('.message:last-child button.more').textContent.includes('less')`)
}

// TestRefused says what the room does not take.
func TestRefused(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)

	long := strings.Repeat("too long ", 2000)
	ada.Write(long)
	ada.Until("a word that it is too long", `document.querySelector('#counter').textContent.includes('too long')`)
	ada.Shot("too-long-phone")
	ada.Tap("#send")
	if kept := See[int](ada, `document.querySelector('#text').value.length`); kept != len(long) {
		t.Errorf("Ada wrote %d characters, more than there can be, and %d are left", len(long), kept)
	}
	if n := len(ada.Messages()); n != 0 {
		t.Errorf("Ada sees %d messages after she sent one that is too long", n)
	}
	See[bool](ada, `document.querySelector('#text').select() || true`)
	ada.Press("\b")

	tower := "e" + strings.Repeat("\u0301", 100)
	ada.Say(tower)
	ada.Until("the message marked as not sent", `document.querySelector('.message[data-state="failed"]')`)
	ada.Say("and the next one")
	bob.SeesExactly("and the next one")
	ada.SeesExactly("and the next one", tower)
	ada.Until("a reason", `document.querySelector('.message[data-state="failed"]').textContent.includes('cannot be shown')`)
	ada.Shot("refused-phone")
	failed := `document.querySelector('.message[data-state="failed"]')`
	ref := See[string](ada, failed+`.dataset.ref`)
	ada.Tap(`[data-act="retry"]`)
	ada.Until("it refused again, as another message", `(`+failed+`?.dataset.ref || `+quote(ref)+`) !== `+quote(ref))
	ada.Tap(`[data-act="edit"]`)
	ada.Until("the text to be mended", `document.querySelector('#text').value === `+quote(tower))
	See[bool](ada, `document.querySelector('#text').select() || true`)
	ada.Press("mended")
	ada.Tap("#send")
	bob.SeesExactly("and the next one", "mended")
	ada.SeesExactly("and the next one", "mended")
	ada.SeesSent()
}

// TestRefusedName takes a name that cannot be one.
func TestRefusedName(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada := room.enter("Ada", Small)
	ada.Tap("#name")
	ada.Until("the line for the name", "document.activeElement.id === 'new-name'")
	ada.Paste(strings.Repeat("Ada", 12))
	ada.Tap("#rename button")
	ada.Until("a word that the name is too long", `document.querySelector('#name-problem').textContent.includes('a short one')`)
	ada.fits()
	ada.Shot("refused-name-phone")
	ada.Until("the line for the name, to mend it", "document.activeElement.id === 'new-name'")
	ada.Paste("Ada the First")
	ada.Tap("#rename button")
	ada.Until("the new name", `document.querySelector('#name bdi').textContent === 'Ada the First'`)
	bob := room.enter("Bob", Small)
	ada.Say("hello")
	bob.Sees("hello")
	if name := bob.Messages()[0].Name; name != "Ada the First" {
		t.Errorf("Bob sees the name %q", name)
	}
}

// TestFlood sends faster than the room takes it. All of it gets there.
func TestFlood(t *testing.T) {
	t.Parallel()
	room := inProcess(t) // 5 messages a second, after the first 20
	ada, bob := room.enter("Ada", Large), room.enter("Bob", Small)
	said := numbered("flood %d", 0, 40)
	for _, text := range said {
		ada.Say(text)
	}
	bob.SeesExactly(said...)
	ada.SeesExactly(said...)
	ada.SeesSent()
	if failed := See[int](ada, `document.querySelectorAll('[data-state="failed"]').length`); failed > 0 {
		t.Errorf("%d of Ada's messages are marked as failed", failed)
	}
}
