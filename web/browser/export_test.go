package browser

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
)

// TestTranscriptLooksRight opens a transcript as a host does who has saved it:
// from a place where nobody sends headers with it. Its own policy must let it look
// as it does, show the picture, and run nothing.
func TestTranscriptLooksRight(t *testing.T) {
	const code = "kdtsm-rfwhb"
	room := onRabbitMQ(t, "-host-code", code, "-pictures", t.TempDir())
	ch := channel(t)
	boot := uuid.NewString()
	began := time.Date(2026, 11, 23, 19, 0, 0, 0, time.UTC)
	publish(t, ch, amqp.Publishing{
		Type: "clock", ContentType: "application/json", MessageId: "clock-test",
		Body: fmt.Appendf(nil, `{"boot":%q,"began":%d,"by":{"id":"host","name":"Hana"}}`, boot, began.UnixMilli()),
	})
	minute := int64(0)
	say := func(boot, body string) {
		minute += 11
		publish(t, ch, amqp.Publishing{
			Type: "message", ContentType: "application/json", MessageId: uuid.NewString(),
			Headers: amqp.Table{"boot": boot, "up_ms": minute * time.Minute.Milliseconds()},
			Body:    []byte(body),
		})
	}
	jar, _ := cookiejar.New(nil)
	host := http.Client{Jar: jar, Timeout: Patience}
	defer host.CloseIdleConnections()
	answer := func(resp *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode >= 300 {
			t.Fatalf("%s: %v: %s", resp.Status, err, body)
		}
		return string(body)
	}
	base := "http://" + room.chatd.Addr
	answer(host.Post(base+"/picture", "image/jpeg", bytes.NewReader(sunset(t))))
	id := strings.TrimSuffix(answer(host.Post(base+"/picture", "image/jpeg", bytes.NewReader(sunset(t)))), "\n")
	id = id[strings.Index(id, `"id":"`)+6:][:64]

	say(uuid.NewString(), `{"from":{"id":"ada","name":"Ada"},"text":"who was first?"}`)
	say(boot, `{"from":{"id":"ada","name":"Ada"},"text":"Good evening! <script>document.title = 'run'</script>\nThis is the second line."}`)
	say(boot, `{"from":{"id":"amal","name":"أمل"},"text":"مساء الخير، كيف الحال؟"}`)
	say(boot, `{"from":{"id":"bob","name":"Bob"},"text":"/me waves 🐇"}`)
	say(boot, `{"from":{"id":"bob","name":"Bob"},"text":"the sky over the stage","picture":{"id":"`+id+`","w":320,"h":200}}`)
	say(boot, `{"from":{"id":"ada","name":"Ada"},"text":"`+strings.Repeat("wide", 100)+`"}`)
	guest := room.enter("Guest", Small)
	guest.Sees(strings.Repeat("wide", 100))
	to := func(text string) string {
		return See[string](guest, fmt.Sprintf(`[...document.querySelectorAll('#log > .message')].find((m) => m.textContent.includes(%s)).dataset.offset`, quote(text)))
	}
	for i, who := range []string{"ada", "amal"} {
		publish(t, ch, amqp.Publishing{
			Type: "reaction", ContentType: "application/json", MessageId: fmt.Sprint("reaction-", i),
			Body: fmt.Appendf(nil, `{"from":{"id":%q,"name":%q},"to":%s,"emoji":"❤️"}`, who, who, to("the sky")),
		})
	}
	say(boot, fmt.Sprintf(`{"from":{"id":"amal","name":"أمل"},"text":"Beautiful!","reply_to":%s}`, to("the sky")))
	guest.Sees("Beautiful!")

	answer(host.PostForm(base+"/host", url.Values{"code": {code}}))
	transcript := answer(host.Get(base + "/host/export.html?minutes=60"))
	disk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNoContent) // the browser looks for an icon
			return
		}
		io.WriteString(w, transcript)
	}))
	defer disk.Close()
	for _, d := range []struct {
		device Device
		shot   string
	}{{Small, "export-phone"}, {Large, "export-laptop"}} {
		p := shared.br.Phone(t, d.shot, d.device)
		p.Goto(disk.URL + "/")
		p.Until("the look of a transcript", `getComputedStyle(document.querySelector('h2')).borderBottomStyle === 'solid'`)
		p.Until("the picture", `document.querySelector('img').naturalWidth === 320`)
		if title := See[string](p, "document.title"); title != "rabbit" {
			t.Errorf("the title is %q", title)
		}
		if wide := See[int](p, "document.documentElement.scrollWidth - innerWidth"); wide > 0 {
			t.Errorf("at %s the transcript is %d pixels too wide", d.shot, wide)
		}
		if days := See[string](p, `[...document.querySelectorAll('h2')].map((h) => h.textContent).join()`); days != "Earlier: nobody’s clock was known,Monday, 23 November 2026" {
			t.Errorf("the days are %s", days)
		}
		if times := See[string](p, `[...document.querySelectorAll('time')].map((h) => h.textContent).join()`); times != "20:22,20:33,20:44,20:55,21:06,21:17" {
			t.Errorf("the times are %s", times)
		}
		if rtl := See[string](p, `getComputedStyle([...document.querySelectorAll('.text')].find((x) => x.textContent.startsWith('مساء'))).direction`); rtl != "rtl" {
			t.Errorf("Arabic runs %s", rtl)
		}
		p.Shot(d.shot)
	}
}

// sunset is a picture.
func sunset(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 320, 200))
	for y := range 200 {
		for x := range 320 {
			m.Set(x, y, color.RGBA{uint8(255 - y/3), uint8(180 - y*3/4), uint8(60 + y/2), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
