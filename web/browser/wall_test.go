package browser

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// screens are what a projector or a screen in a hall shows.
var screens = map[string]Device{
	"1920x1080": {Width: 1920, Height: 1080, Scale: 1},
	"1280x720":  {Width: 1280, Height: 720, Scale: 1},
	"1024x768":  {Width: 1024, Height: 768, Scale: 1},
	"1080x1920": {Width: 1080, Height: 1920, Scale: 1},
}

var hall = screens["1920x1080"]

// wall puts the wall of a room onto a screen.
func (r *room) wall(d Device) *Phone {
	r.t.Helper()
	p := shared.br.Phone(r.t, "wall", d)
	p.Goto(r.url + "wall")
	p.waitForWall()
	return p
}

// waitForWall waits until the wall has the history: then there is a message, or
// the rabbit.
func (p *Phone) waitForWall() {
	p.t.Helper()
	p.Until("a wall that is open", `document.querySelector('.said, #quiet:not([hidden])') && document.querySelector('#status').textContent === ''`)
}

const onWall = `[...document.querySelectorAll('.said:not(.below)')]`

// wallTexts are the texts on the wall, from top to bottom.
func (p *Phone) wallTexts() []string {
	p.t.Helper()
	return See[[]string](p, onWall+`.map((m) => m.querySelector('.text').textContent)`)
}

// wallShot keeps a picture of the wall when nothing moves.
func (p *Phone) wallShot(name string) {
	p.t.Helper()
	p.Until("a wall that stands still", `document.getAnimations().length === 0`)
	p.Shot(name)
}

// codes are what a camera reads on the screen.
func (p *Phone) codes(name string) []string {
	p.t.Helper()
	p.wallShot(name)
	out, err := exec.Command("zbarimg", "--quiet", "--raw", filepath.Join(Artefacts, name+".png")).Output()
	if err != nil {
		p.t.Fatalf("zbarimg: %v: `make test` installs zbar-tools", err)
	}
	return slices.Sorted(strings.Lines(string(out)))
}

// wallFits checks that nothing is cut off that is not meant to be.
func (p *Phone) wallFits(when string) {
	p.t.Helper()
	p.fits()
	wrong := See[[]string](p, `(() => {
		const wrong = [];
		const seen = (el) => el && el.checkVisibility({visibilityProperty: true});
		for (const el of document.querySelectorAll('header, main, aside, aside *, header *, #pin, #more, #status, #quiet, .said:not(.below)')) {
			const r = el.getBoundingClientRect();
			if (seen(el) && (r.top < -1 || r.bottom > innerHeight + 1)) wrong.push('not on the screen: ' + el.outerHTML.slice(0, 80));
		}
		const aside = document.querySelector('aside');
		if (aside.scrollHeight > aside.clientHeight + 1) wrong.push('the invitation is cut off');
		for (const svg of aside.querySelectorAll('svg')) {
			const {width, height} = svg.getBoundingClientRect();
			if (Math.abs(width - height) > 1 || width < 0.25 * Math.min(innerWidth, innerHeight)) wrong.push('a code of ' + width + ' x ' + height);
		}
		const talk = document.querySelector('#talk').getBoundingClientRect();
		const parts = [...aside.querySelectorAll('section')].map((el) => el.getBoundingClientRect());
		parts.forEach((a, i) => parts.slice(i + 1).forEach((b) => {
			if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) wrong.push('the ways in lie over each other');
		}));
		`+onWall+`.forEach((node, i) => {
			if (i && node.getBoundingClientRect().bottom > talk.bottom + 2) wrong.push('cut off: ' + node.textContent.slice(0, 40));
		});
		return wrong;
	})()`)
	if len(wrong) > 0 {
		p.t.Errorf("%s, %d x %d: %s", when, p.Device.Width, p.Device.Height, strings.Join(wrong, "; "))
	}
}

// TestWall reads the wall from afar: how to come in, what is said, newest first.
func TestWall(t *testing.T) {
	t.Parallel()
	const wifi, url = "WIFI:T:WPA;S:rabbit;P:carrotcarrot;;\n", "http://10.1.1.1:8081/\n"
	room := inProcess(t, "-message-rate", "0", "-wifi-name=rabbit", "-wifi-passphrase=carrotcarrot", "-chat-url=http://10.1.1.1:8081/")
	wall := room.wall(hall)
	wall.wallShot("wall-quiet")
	wall.wallFits("quiet")
	wall.canBeRead("quiet")
	See[string](wall, `location.hash = 'light'`)
	wall.Until("a bright wall, for a bright room", `document.documentElement.classList.contains('light')`)
	wall.canBeRead("in a bright room")
	wall.wallShot("wall-quiet-light")
	See[string](wall, `location.hash = ''`)
	for _, text := range []string{"rabbit", "carrotcarrot", "http://10.1.1.1:8081/"} {
		wall.Until(text+" in words", fmt.Sprintf(`document.querySelector('aside').innerText.includes(%s)`, quote(text)))
	}
	names := []string{"Ada", "Bob", "Evelyn of the Third Row", "Grace", "Linus"}
	said := []string{
		"Is anybody here?",
		"I am. Where do you sit?",
		"In the third row, beside the window. Have a look at http://example.com/a/long/address/that/does/not/fit, and tell me whether the pictures load for you",
		"🥕🥕🥕",
		"/me waves from the balcony",
		"Who has the slides?",
		"مرحبا بالعالم، هذا سطر طويل من اليمين إلى اليسار مع English في المنتصف",
		strings.Repeat("A very long story about a rabbit that went to a talk. ", 20),
		"Me. They come after the talk, I promise: with the drawings, and with what was on the blackboard.",
		"🐇",
		"line one\nline two\nline three\nline four\nline five\nline six",
		"Thank you!",
		"Questions?",
	}
	for i, text := range said {
		room.sayAll(names[i%len(names)], text)
	}
	want := "Questions?"
	wall.Until("the last message on top", onWall+`[0]?.textContent.includes(`+quote(want)+`)`)
	for name, d := range screens {
		wall.Resize(d)
		wall.Until("a wall that has found its size", fmt.Sprintf(`innerWidth === %d && innerHeight === %d`, d.Width, d.Height))
		See[bool](wall, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
		wall.wallFits("after a talk")
		wall.canBeRead(name)
		if codes := wall.codes("wall-" + name); !slices.Equal(codes, []string{wifi, url}) {
			t.Errorf("%s: a camera reads %q", name, codes)
		}
		texts := wall.wallTexts()
		for i := range texts {
			want := strings.TrimSpace(strings.Replace(said[len(said)-1-i], "/me", names[(len(said)-1-i)%len(names)], 1))
			if texts[i] != want {
				t.Errorf("%s: %d from the top is %.60q: newest first, it would be %.60q", name, i, texts[i], want)
			}
		}
		if len(texts) < 5 || len(texts) > 12 {
			t.Errorf("%s: there are %d messages on the wall", name, len(texts))
		}
		// A fortieth of the height is read from ten screen heights away.
		if size := See[float64](wall, `Math.min(...[...document.querySelectorAll('.said .text')].map((el) => parseFloat(getComputedStyle(el).fontSize)))`); size < float64(min(d.Height, d.Width))/40 {
			t.Errorf("%s: the smallest message is written in %v pixels", name, size)
		}
	}
}

// watchWall makes the wall note when each message could be seen.
const watchWall = `
	window.seen = new Map();
	(function look() {
		const now = performance.now();
		for (const node of ` + onWall + `) {
			const text = node.querySelector('.text').textContent;
			const times = seen.get(text) || seen.set(text, {from: now, runs: 1, gone: false}).get(text);
			times.to = now;
		}
		requestAnimationFrame(look);
	})(), true`

// TestWallFlood says 300 messages at once. What gets onto the wall stays there
// long enough to be read, and the newest gets there.
func TestWallFlood(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	wall := room.wall(hall)
	See[bool](wall, watchWall)
	said := numbered("flood %d, and a few words more", 0, 300)
	for burst := range slices.Chunk(said, 50) {
		room.sayAll("Flo", burst...)
	}
	wall.Until("how many more there are", `/^\+\d+ more$/.test(document.querySelector('#more').innerText)`)
	wall.wallShot("wall-flood")
	wall.wallFits("in a flood")
	wall.UntilWithin(2*Patience, "the newest one on top", onWall+`[0]?.textContent.includes(`+quote(said[299])+`)`)
	wall.wallShot("wall-flood-after")
	wall.Until("no count any more", `document.querySelector('#more').hidden`)
	times := See[map[string]struct{ From, To float64 }](wall, `Object.fromEntries(seen)`)
	left := 0
	for text, at := range times {
		if slices.Contains(wall.wallTexts(), text) {
			continue
		}
		left++
		// A frame that comes late may hide a moment at either end.
		if stayed := at.To - at.From; stayed < 4800 {
			t.Errorf("%q was on the wall for %.0f ms", text, stayed)
		}
	}
	t.Logf("%d messages were on the wall, %d of them left it", len(times), left)
	if left == 0 {
		t.Error("no message was pushed off: nothing is proved")
	}
	order := wall.wallTexts()
	if !slices.IsSortedFunc(order, func(a, b string) int { return slices.Index(said, b) - slices.Index(said, a) }) {
		t.Errorf("not newest first: %q", order)
	}
}

// TestWallReconnects kills chatd and starts it again: the wall shows what it has,
// says what is the matter, and goes on.
func TestWallReconnects(t *testing.T) {
	room := onRabbitMQ(t)
	wall := room.wall(hall)
	wall.Excuse("WebSocket connection to ")
	wall.Excuse("Failed to load resource")
	room.sayAll("Ada", "before the crash")
	wall.Until("the message", onWall+`.length === 1`)
	room.chatd.Kill()
	wall.Until("a word about the line", `document.querySelector('#status').textContent.includes('line')`)
	wall.wallShot("wall-offline")
	wall.wallFits("offline")
	if n := See[int](wall, `document.querySelectorAll('aside svg').length`); n != 1 {
		t.Errorf("while the line is cut there are %d codes", n)
	}
	room.chatd.Start()
	room.chatd.WaitReady()
	room.sayAll("Ada", "after the crash")
	wall.Until("both messages, newest first", onWall+`.map((m) => m.querySelector('.text').textContent).join() === 'after the crash,before the crash'`)
	wall.Until("no word about the line", `document.querySelector('#status').textContent === ''`)
}

// hangs waits until these texts are on the wall, from top to bottom, and nothing else.
func (p *Phone) hangs(texts ...string) {
	p.t.Helper()
	var got []string
	Eventually(p.t, Patience, func() bool {
		got = p.wallTexts()
		return slices.Equal(got, texts)
	}, func() string { return fmt.Sprintf("on the wall is %q, not %q", got, texts) })
}

// TestWallHost has a host who rules what a hall sees.
func TestWallHost(t *testing.T) {
	room := onRabbitMQ(t, "-host-code", hostCode)
	wall := room.wall(hall)
	wall.Until("a rabbit and nobody", `document.querySelector('#quiet').checkVisibility() && !document.querySelector('#count').checkVisibility()`)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	host := room.ruler()
	wall.Until("two guests and a host, and itself not counted", `document.querySelector('#count').textContent === '3 here'`)
	ada.seesCount(3)
	ada.Say("good")
	bob.Sees("good")
	bob.Say("bad")
	wall.hangs("bad", "good")

	// Nothing of what is hidden is left, not even in an answer.
	ada.Act("bad", "reply")
	ada.Say("why?")
	wall.Until("what is answered", onWall+`[0].querySelector('.quote')?.textContent === 'Bob: bad'`)
	wall.Shot("wall-answer")
	host.does("hide", fields{"to": ada.offsetOf("bad")})
	wall.hangs("why?", "good")
	if See[bool](wall, `document.documentElement.outerHTML.includes('bad')`) {
		t.Error("the wall still holds what was hidden")
	}
	late := room.wall(hall)
	late.hangs("why?", "good")
	host.does("hide", fields{"to": ada.offsetOf("The host has hidden this message."), "undo": true})
	wall.hangs("why?", "bad", "good")
	late.hangs("why?", "bad", "good")

	ada.Act("good", "change")
	ada.Until("the text to be changed", `document.querySelector('#text').value === 'good'`)
	ada.Press(" enough")
	ada.Tap("#send")
	wall.hangs("why?", "bad", "good enough")
	bob.Act("bad", "remove")
	bob.Tap(`[data-act=remove]`)
	wall.hangs("why?", "good enough")

	host.does("title", fields{"text": "An evening with rabbits"})
	host.does("pin", fields{"text": "Questions for the speaker go here; she answers after the break at half past eight."})
	wall.Until("the title and the announcement", `document.querySelector('h1').textContent === 'An evening with rabbits' && document.querySelector('#pin').checkVisibility() && document.querySelector('#pin').textContent.startsWith('Questions')`)
	for name, d := range screens {
		wall.Resize(d)
		wall.Until("a wall that has found its size", fmt.Sprintf(`innerWidth === %d`, d.Width))
		wall.wallFits("with an announcement")
		wall.canBeRead("with an announcement")
		wall.wallShot("wall-pin-" + name)
	}
	wall.Resize(hall)
	host.does("pin", fields{"text": strings.Repeat("an announcement without an end ", 16)})
	wall.Until("a long announcement", `document.querySelector('#pin').textContent.startsWith('an ann')`)
	wall.wallFits("with a long announcement")
	host.does("pin", fields{"text": ""})
	wall.Until("no announcement", `!document.querySelector('#pin').checkVisibility()`)

	host.does("off", fields{"text": "The talk begins.\nThe chat is open again at nine."})
	wall.Until("the notice, and no message", `document.querySelector('#quiet').innerText.includes('open again at nine') && !document.querySelector('#talk').checkVisibility({visibilityProperty: true})`)
	wall.wallFits("off")
	wall.canBeRead("off")
	wall.wallShot("wall-off")
	host.does("off", fields{"undo": true})
	wall.hangs("why?", "good enough")

	host.does("clear", nil)
	wall.Until("the quiet rabbit", `document.querySelector('#quiet').checkVisibility() && document.querySelector('#quiet').innerText.includes('quiet')`)
	ada.Say("fresh")
	wall.hangs("fresh")
	another := room.wall(hall)
	another.hangs("fresh")
	host.does("clear", fields{"undo": true})
	for _, w := range []*Phone{wall, late, another} {
		w.hangs("fresh", "why?", "good enough")
	}

	for _, w := range []*Phone{wall, late, another} {
		w.Excuse("WebSocket connection to ")
	}
	host.does("erase", nil)
	ada.SeesExactly()
	bob.Say("another log")
	for _, w := range []*Phone{wall, late, another} {
		w.hangs("another log")
	}
}

// TestWallReactions counts reactions, lets them float, and leaves that be for whom motion makes ill.
func TestWallReactions(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	wall, calm := room.wall(hall), shared.br.Phone(t, "calm wall", hall)
	calm.Before(`window.moved = 0; addEventListener('transitionrun', () => moved++, true); addEventListener('animationstart', () => moved++, true)`)
	calm.Prefer("prefers-reduced-motion", "reduce")
	calm.Goto(room.url + "wall")
	calm.waitForWall()
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	See[bool](wall, `(window.floated = [], new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) => floated.push(n.textContent)))).observe(document.querySelector('#floats'), {childList: true}), true)`)
	ada.Say("Carrots for everybody, and for those who came late a big one. It is a long message, so that the count stands at its end, below the last line.")
	text := "Carrots for everybody, and for those who came late a big one. It is a long message, so that the count stands at its end, below the last line."
	bob.Sees(text)
	wall.hangs(text)
	height := See[int](wall, `document.querySelector('.said').offsetHeight`)
	bob.React(text, "🎉")
	ada.React(text, "🎉")
	ada.Open(text) // the row was closed
	marks := `[...document.querySelectorAll('.said .count')].map((el) => el.textContent).join()`
	for _, w := range []*Phone{wall, calm} {
		w.Until("the count", marks+` === '🎉2'`)
	}
	wall.Until("two that rise", `floated.join() === '🎉,🎉'`)
	wall.Shot("wall-reactions")
	wall.wallFits("with reactions")
	if h := See[int](wall, `document.querySelector('.said').offsetHeight`); h != height {
		t.Errorf("reactions make a message %v pixels high that was %v", h, height)
	}
	wall.Until("nothing that floats any more", `!document.querySelector('#floats').childElementCount`)
	if n := See[int](calm, `moved + document.getAnimations().length + document.querySelector('#floats').childElementCount`); n > 0 {
		t.Errorf("the calm wall was asked for no motion, and %d things move", n)
	}
	late := room.wall(hall)
	late.Until("the count", marks+` === '🎉2'`)
	if n := See[int](late, `document.querySelector('#floats').childElementCount`); n > 0 {
		t.Error("reactions of before float")
	}
}

// TestWallPicture shows a picture in large, and none that is gone.
func TestWallPicture(t *testing.T) {
	t.Parallel()
	room, _ := withPictures(t)
	wall := room.wall(hall)
	ada := room.enter("Ada", Small)
	ada.Choose(photo(t, 1600, 1200))
	ada.chosen()
	ada.Write("From the roof")
	ada.Tap("#send")
	wall.Until("a picture", `(([img]) => img && img.complete && img.naturalWidth && img.getBoundingClientRect().height > innerHeight / 4)(document.querySelectorAll('.said img'))`)
	wall.wallFits("with a picture")
	wall.wallShot("wall-picture")
}

// TestWallStrange shows what is hostile, and what is hard to show: long names of a Wi-Fi, and of people.
func TestWallStrange(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0", "-title", "<b>rabbit</b> WWWWWWWWWW", "-wifi-name="+strings.Repeat("W", 32), "-wifi-passphrase="+strings.Repeat("M", 63), "-chat-url=http://192.168.178.123:18081/")
	wall := room.wall(hall)
	if title := See[string](wall, `document.querySelector('h1').textContent`); !strings.HasPrefix(title, "<b>rabbit</b>") {
		t.Errorf("the title is %q", title)
	}
	for _, texts := range [][]string{hostile, strange} {
		for chunk := range slices.Chunk(texts, 5) {
			room.sayAll(hostileName, chunk...)
			wall.Until("the last of them", onWall+`[0]?.querySelector('.text').textContent.trim() === `+quote(strings.TrimSpace(chunk[len(chunk)-1])))
			if n := See[int](wall, `document.querySelectorAll('#talk :is(script, img, iframe, form, style, base, meta, object, embed, link, a)').length`); n > 0 {
				t.Errorf("%d messages have become elements of the wall", n)
			}
			wall.wallFits("with strange words")
		}
	}
	for name, d := range screens {
		wall.Resize(d)
		wall.Until("a wall that has found its size", fmt.Sprintf(`innerWidth === %d`, d.Width))
		wall.wallFits("with strange words")
		wall.canBeRead(name)
		if codes := wall.codes("wall-strange-" + name); len(codes) != 2 || codes[1] != "http://192.168.178.123:18081/\n" {
			t.Errorf("%s: a camera reads %q", name, codes)
		}
	}
}
