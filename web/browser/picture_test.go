package browser

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/gorilla/websocket"

	"warren/chatd/picture"
)

const upright = "red green blue white"

// withPictures opens a room without a broker that keeps pictures in the folder.
func withPictures(t testing.TB, flags ...string) (r *room, folder string) {
	t.Helper()
	folder = t.TempDir()
	return inProcess(t, append([]string{"-pictures", folder}, flags...)...), folder
}

// seesPicture waits until the last message of the conversation has a picture that
// is there.
func (p *Phone) seesPicture() {
	p.t.Helper()
	p.Until("a picture", `(() => {
		const img = document.querySelector('#log > .message:last-child .picture img');
		return img && img.complete && img.naturalWidth;
	})()`)
}

// lastPicture returns what is served as the last picture of the conversation.
func (p *Phone) lastPicture(r *room) []byte {
	p.t.Helper()
	src := See[string](p, `[...document.querySelectorAll('#log .picture img')].pop().getAttribute('src')`)
	resp, err := http.Get("http://" + r.chatd.Addr + src)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s, %v", src, resp.Status, err)
	}
	return data
}

// chosen waits until the picture stands above the line to write in.
func (p *Phone) chosen() {
	p.t.Helper()
	p.Until("the chosen picture", `!document.querySelector('#chosen img').hidden && document.querySelector('#composer').classList.contains('ready')`)
}

// TestPicture sends a photo of twelve megapixels, with the place where it was
// taken: it comes out small, upright and without the place, and nothing moves when
// it does.
func TestPicture(t *testing.T) {
	t.Parallel()
	room, folder := withPictures(t)
	// What Bob sees of the picture before it is there.
	door := newDoor(t, room.chatd)
	held := make(chan struct{})
	release := sync.OnceFunc(func() { close(held) })
	t.Cleanup(release)
	door.answers(func(w http.ResponseWriter, r *http.Request) {
		<-held
		door.chatd.ServeHTTP(w, r)
	})
	ada, bob := room.enter("Ada", Small), enterAt(t, door.url(), "Bob", Small)
	for i := range 12 {
		ada.Say(fmt.Sprintf("Line %d, so that there is something to move", i+1))
	}
	bob.Sees("Line 12, so that there is something to move")
	file := photo(t, 4000, 3000)
	if info, err := os.Stat(file); err != nil || info.Size() < 2e6 {
		t.Fatalf("the photo is none: %v", err)
	}
	if size := See[[2]float64](ada, `(({width, height}) => [width, height])(document.querySelector('#attach').getBoundingClientRect())`); size[0] < 44 || size[1] < 44 {
		t.Errorf("the button for pictures has %v pixels", size)
	}
	ada.Choose(file)
	ada.chosen()
	ada.Write("From the roof")
	ada.Shot("picture-chosen-phone")
	ada.Tap("#send")
	bob.Sees("From the roof")
	type look struct {
		Size        string
		Height, Top float64
	}
	const looks = `(({offsetWidth, offsetHeight}) => ({
		size: [offsetWidth, offsetHeight].join(),
		height: document.querySelector('#log').offsetHeight,
		top: document.querySelector('#conversation').scrollTop,
	}))(document.querySelector('#log .picture'))`
	bob.Still()
	before := See[look](bob, looks)
	bob.Shot("picture-coming-phone")
	release()
	bob.seesPicture()
	if after := See[look](bob, looks); after != before {
		t.Errorf("before the picture was there: %+v; now: %+v", before, after)
	}
	ada.seesPicture()
	ada.SeesSent()
	if corners := bob.Corners(); corners != upright {
		t.Errorf("the corners of the picture are %s, not %s", corners, upright)
	}
	ada.Until("nothing above the line to write in", `document.querySelector('#chosen').hidden`)

	served := bob.lastPicture(room)
	config, err := jpeg.DecodeConfig(bytes.NewReader(served))
	if err != nil || config.Width != 960 || config.Height != 1280 {
		t.Errorf("the picture is %d × %d, %v", config.Width, config.Height, err)
	}
	if _, _, err := picture.Check(served); err != nil {
		t.Errorf("what is served: %v", err)
	}
	if len(served) > 300_000 || bytes.Contains(served, []byte("Exif")) {
		t.Errorf("what is served has %d bytes, and Exif: %t", len(served), bytes.Contains(served, []byte("Exif")))
	}
	t.Logf("twelve megapixels became %d bytes", len(served))
	if files, _ := filepath.Glob(filepath.Join(folder, "*.jpg")); len(files) != 1 {
		t.Errorf("the box keeps %v", files)
	}

	if alt := See[string](bob, `document.querySelector('#log .picture img').alt`); alt != "Picture from \u2068Ada\u2069: From the roof" {
		t.Errorf("Bob is read: %s", alt)
	}
	ada.Shot("picture-own-phone")
	bob.Shot("picture-phone")
	bob.Prefer("prefers-color-scheme", "dark")
	bob.Shot("picture-phone-dark")
	bob.Prefer("prefers-color-scheme", "light")

	bob.Tap("#log .picture")
	bob.Until("the picture large", `document.querySelector('dialog.large[open] img').naturalWidth`)
	bob.Shot("picture-large-phone")
	bob.Press(kb.Escape)
	bob.Until("the picture small again", `!document.querySelector('dialog.large')`)
	bob.Tap("#log .picture")
	bob.Tap("dialog.large button")
	bob.Until("the picture small again", `!document.querySelector('dialog.large')`)
	bob.Tap("#log .picture")
	bob.swipe()
	bob.Until("the picture small again", `!document.querySelector('dialog.large')`)

	// And later: from the history, on a laptop, alone.
	eve := room.enter("Eve", Large)
	eve.Sees("From the roof")
	eve.seesPicture()
	eve.Shot("picture-laptop")
}

// TestPictureAlone sends one without words; then Ada changes her mind about
// another.
func TestPictureAlone(t *testing.T) {
	t.Parallel()
	room, folder := withPictures(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	ada.Choose(photo(t, 400, 300))
	ada.chosen()
	ada.Tap("#send")
	bob.seesPicture()
	if corners := bob.Corners(); corners != upright {
		t.Errorf("the corners of the picture are %s, not %s", corners, upright)
	}
	ada.seesPicture()
	ada.Shot("picture-alone-phone")
	ada.Choose(photo(t, 320, 240))
	ada.chosen()
	ada.Tap("#chosen .away")
	ada.Until("nothing to send", `document.querySelector('#chosen').hidden && !document.querySelector('#composer').classList.contains('ready')`)
	ada.Say("No picture")
	bob.Sees("No picture")
	if files, _ := filepath.Glob(filepath.Join(folder, "*.jpg")); len(files) != 1 {
		t.Errorf("the box keeps %v: what was not sent should not have got there", files)
	}
	notes := filepath.Join(t.TempDir(), "notes.jpg")
	if err := os.WriteFile(notes, []byte("carrots, leeks"), 0o600); err != nil {
		t.Fatal(err)
	}
	ada.Choose(notes)
	ada.Until("words about a file that is no picture", `document.querySelector('#chosen .says').textContent.startsWith('This browser cannot read')`)
	ada.Shot("picture-unreadable-phone")
	ada.Tap("#chosen .away")
	ada.Until("them gone", `document.querySelector('#chosen').hidden`)
}

// TestOddBrowsers sends from one that has no createImageBitmap, and from one that
// writes Exif into what its canvas makes, as Safari does.
func TestOddBrowsers(t *testing.T) {
	t.Parallel()
	room, _ := withPictures(t)
	bob := room.enter("Bob", Small)
	for name, script := range map[string]string{
		"Old": `delete window.createImageBitmap`,
		"Safari": `{
			const { toBlob } = HTMLCanvasElement.prototype;
			HTMLCanvasElement.prototype.toBlob = function (done, ...more) {
				toBlob.call(this, async (blob) => {
					const data = new Uint8Array(await blob.arrayBuffer());
					const extra = [0xff, 0xe1, 0, 8, 69, 120, 105, 102, 0, 0, 0xff, 0xed, 0, 4, 56, 66, 0xff, 0xfe, 0, 3, 33];
					done(new Blob([data.subarray(0, 2), new Uint8Array(extra), data.subarray(2)], { type: blob.type }));
				}, ...more);
			};
		}`,
	} {
		p := shared.br.Phone(t, name, Small)
		p.Before(script)
		p.Goto(room.url)
		p.waitIn()
		p.Choose(photo(t, 480, 360))
		p.chosen()
		p.Write("From " + name)
		p.Tap("#send")
		bob.Sees("From " + name)
		bob.seesPicture()
		if corners := bob.Corners(); corners != upright {
			t.Errorf("%s: the corners of the picture are %s, not %s", name, corners, upright)
		}
		if _, _, err := picture.Check(bob.lastPicture(room)); err != nil {
			t.Errorf("%s: what is served: %v", name, err)
		}
	}
}

// TestPasteAndDrop is what one does on a laptop.
func TestPasteAndDrop(t *testing.T) {
	t.Parallel()
	room, _ := withPictures(t)
	eve, bob := room.enter("Eve", Large), room.enter("Bob", Small)
	for _, event := range []string{
		`new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})`,
		`new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})`,
	} {
		prevented := See[bool](eve, `(async () => {
			const canvas = Object.assign(document.createElement('canvas'), {width: 300, height: 200});
			const pen = canvas.getContext('2d');
			[['#f00', 0, 0], ['#0f0', 1, 0], ['#00f', 0, 1], ['#fff', 1, 1]].forEach(([c, x, y]) => {
				pen.fillStyle = c;
				pen.fillRect(x * 150, y * 100, 150, 100);
			});
			const blob = await new Promise((done) => canvas.toBlob(done));
			const data = new DataTransfer();
			data.items.add(new File([blob], 'x.png', {type: 'image/png'}));
			return !document.querySelector('#text').dispatchEvent(`+event+`);
		})()`)
		if !prevented {
			t.Errorf("the browser would do something of its own with %s", event)
		}
		eve.chosen()
		eve.Press(kb.Enter)
		bob.Until("a picture", `document.querySelector('#log .picture')`)
		bob.seesPicture()
		if corners := bob.Corners(); corners != upright {
			t.Errorf("the corners of the picture are %s, not %s", corners, upright)
		}
		eve.Until("nothing above the line to write in", `document.querySelector('#chosen').hidden`)
	}
}

// door stands before a chatd, and answers what has to do with pictures in a way
// of its own.
type door struct {
	*httptest.Server
	chatd  http.Handler
	answer atomic.Pointer[http.HandlerFunc] // nil: chatd's
}

func newDoor(t testing.TB, c *Chatd) *door {
	t.Helper()
	d := &door{chatd: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: c.Addr})}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer := d.answer.Load(); answer != nil && strings.HasPrefix(r.URL.Path+"/", "/picture/") {
			(*answer)(w, r)
			return
		}
		d.chatd.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { d.CloseClientConnections(); d.Close() })
	return d
}

func (d *door) answers(f http.HandlerFunc) { d.answer.Store(&f) }

func (d *door) opens() { d.answer.Store(nil) }

func (d *door) url() string { return roomURL(strings.TrimPrefix(d.URL, "http://")) }

// TestPictureTroubles has uploads that do not arrive at once. What the guest has to
// do about it, if anything, is said; the picture and its words are not lost, not
// by a reload either.
func TestPictureTroubles(t *testing.T) {
	t.Parallel()
	room, _ := withPictures(t)
	door := newDoor(t, room.chatd)
	ada, bob := enterAt(t, door.url(), "Ada", Small), room.enter("Bob", Small)
	ada.Excuse("Failed to load resource")
	says := func(p *Phone, beginning string) {
		t.Helper()
		p.Until("the words "+beginning, fmt.Sprintf(`document.querySelector('#chosen .says').textContent.startsWith(%s)`, quote(beginning)))
	}
	send := func(text string) {
		t.Helper()
		ada.Choose(photo(t, 320, 240))
		ada.chosen()
		ada.Write(text)
		ada.Tap("#send")
	}

	// It takes a while, in which one can go on writing, and the page is loaded again.
	held := make(chan struct{})
	release := sync.OnceFunc(func() { close(held) })
	t.Cleanup(release)
	door.answers(func(w http.ResponseWriter, r *http.Request) {
		<-held
		panic(http.ErrAbortHandler)
	})
	send("first")
	says(ada, "Sending the picture")
	ada.Shot("picture-sending-phone")
	ada.Say("between")
	bob.Sees("between")
	ada.Reload()
	ada.waitIn()
	says(ada, "Sending the picture")
	if text := See[string](ada, `document.querySelector('#chosen .text').textContent`); text != "first" {
		t.Errorf("after a reload its words are %q", text)
	}
	door.opens()
	release()
	bob.Sees("first")
	bob.seesPicture()

	// The line is down.
	door.answers(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	send("second")
	says(ada, "You are offline")
	ada.Shot("picture-offline-phone")
	door.opens()
	bob.Sees("second")

	// Too many are sending.
	door.answers(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "Busy.", http.StatusServiceUnavailable)
	})
	send("third")
	says(ada, "The room is busy")
	door.opens()
	bob.Sees("third")

	// The room does not take it; Ada tries again, and again, and gives up: she has
	// her words back.
	door.answers(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "No.", http.StatusUnsupportedMediaType)
	})
	send("fourth")
	says(ada, "The room did not take")
	ada.Shot("picture-refused-phone")
	door.opens()
	ada.Tap("#chosen .again")
	bob.Sees("fourth")
	door.answers(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "Off.", http.StatusForbidden)
	})
	send("fifth")
	says(ada, "Pictures are turned off")
	ada.Tap("#chosen .away")
	ada.Until("her words again", `document.querySelector('#text').value === 'fifth'`)
	ada.Tap("#send")
	bob.Sees("fifth")
	if n := See[int](bob, `document.querySelectorAll('#log .picture').length`); n != 4 {
		t.Errorf("Bob sees %d pictures, not 4", n)
	}
}

// TestPictureGone: what the box has no more, or never had, leaves a place of the
// same size.
func TestPictureGone(t *testing.T) {
	t.Parallel()
	room, folder := withPictures(t)
	ada := room.enter("Ada", Small)
	ada.Choose(photo(t, 800, 600))
	ada.chosen()
	ada.Write("See")
	ada.Tap("#send")
	ada.Sees("See")
	ada.seesPicture()
	const size = `(({offsetWidth: w, offsetHeight: h}) => w + ' by ' + h)(document.querySelector('#log .picture'))`
	before := See[string](ada, size)
	files, _ := filepath.Glob(filepath.Join(folder, "*.jpg"))
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	bob := shared.br.Phone(t, "Bob", Small)
	bob.Excuse("Failed to load resource")
	bob.Goto(room.url)
	bob.waitIn()
	bob.Sees("See")
	bob.Until("that it is gone", `document.querySelector('#log .picture .missing')`)
	if after := See[string](bob, size); after != before {
		t.Errorf("the place of the picture is %s, and was %s", after, before)
	}
	bob.Shot("picture-gone-phone")
}

// TestPictureWithOtherWords: the room does not take its words, but others, without
// another upload.
func TestPictureWithOtherWords(t *testing.T) {
	t.Parallel()
	const code = "kdtsm-rfwhb"
	room, folder := withPictures(t, "-host-code", code)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	if err := asHost(t, room, code).WriteJSON(map[string]any{"type": "host", "ref": "words", "verb": "words", "words": []string{"leek"}}); err != nil {
		t.Fatal(err)
	}
	bob.Say("hello") // comes after the host's deed
	ada.Sees("hello")
	ada.Choose(photo(t, 320, 240))
	ada.chosen()
	ada.Write("A leek")
	ada.Tap("#send")
	ada.Tap(`#pending [data-act="edit"]`)
	ada.chosen()
	ada.Until("the words again", `document.querySelector('#text').value === 'A leek'`)
	ada.Press("et")
	ada.Tap("#send")
	bob.Sees("A leeket")
	bob.seesPicture()
	if corners := bob.Corners(); corners != upright {
		t.Errorf("the corners of the picture are %s, not %s", corners, upright)
	}
	if files, _ := filepath.Glob(filepath.Join(folder, "*.jpg")); len(files) != 1 {
		t.Errorf("the box keeps %v", files)
	}
}

// TestPictureLasts: it is there after chatd was started again, and gone, from the
// disk, too, when the host has erased all.
func TestPictureLasts(t *testing.T) {
	folder := t.TempDir()
	const code = "kdtsm-rfwhb"
	room := onRabbitMQ(t, "-pictures", folder, "-host-code", code)
	ada := room.enter("Ada", Small)
	ada.Choose(photo(t, 640, 480))
	ada.chosen()
	ada.Write("See")
	ada.Tap("#send")
	ada.Sees("See")
	ada.seesPicture()
	ada.Excuse("WebSocket connection to ")
	room.chatd.Stop()
	room.chatd.Start()
	room.chatd.WaitReady()
	bob := room.enter("Bob", Small)
	bob.Sees("See")
	bob.seesPicture()

	host := asHost(t, room, code)
	if err := host.WriteJSON(map[string]any{"type": "host", "ref": "erase", "verb": "erase"}); err != nil {
		t.Fatal(err)
	}
	var left []string
	Eventually(t, Patience, func() bool {
		left, _ = filepath.Glob(filepath.Join(folder, "*.jpg"))
		return len(left) == 0
	}, func() string { return fmt.Sprintf("after all was erased there still is %v", left) })
	bob.Until("an empty conversation", `!document.querySelector('#log .picture')`)
}

// TestNoPictures: where none are kept there is no button; where the host turns them
// off, it goes.
func TestNoPictures(t *testing.T) {
	t.Parallel()
	none := inProcess(t)
	eve := none.enter("Eve", Large)
	if See[bool](eve, `!document.querySelector('#attach').hidden`) {
		t.Error("there is a button for pictures in a room that keeps none")
	}

	const code = "kdtsm-rfwhb"
	room, _ := withPictures(t, "-host-code", code)
	ada := room.enter("Ada", Small)
	ada.Until("the button for pictures", `!document.querySelector('#attach').hidden`)
	host := asHost(t, room, code)
	turn := func(off bool) {
		t.Helper()
		if err := host.WriteJSON(map[string]any{"type": "host", "ref": fmt.Sprintf("off-%t", off), "verb": "pictures", "off": off}); err != nil {
			t.Fatal(err)
		}
	}
	turn(true)
	ada.Until("no button for pictures", `document.querySelector('#attach').hidden`)
	turn(false)
	ada.Until("the button for pictures again", `!document.querySelector('#attach').hidden`)
}

// asHost is a host's line to the room.
func asHost(t testing.TB, r *room, code string) *websocket.Conn {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm("http://"+r.chatd.Addr+"/host", url.Values{"code": {code}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(resp.Cookies()) == 0 {
		t.Fatalf("the host's code gets %s and no cookie", resp.Status)
	}
	dialer := websocket.Dialer{Subprotocols: []string{"warren.v1"}}
	conn, _, err := dialer.Dial("ws://"+r.chatd.Addr+"/websocket", http.Header{"Cookie": {resp.Cookies()[0].String()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); client.CloseIdleConnections() })
	if err := conn.WriteJSON(map[string]any{"type": "hello", "device": "the-host-of-this-test", "name": "Host"}); err != nil {
		t.Fatal(err)
	}
	return conn
}

// swipe moves a finger down the middle of the screen.
func (p *Phone) swipe() {
	p.t.Helper()
	p.Until("the picture large", `document.querySelector('dialog.large[open]')`)
	p.drag(float64(p.Device.Width)/2, 300, float64(p.Device.Width)/2, 480)
}
