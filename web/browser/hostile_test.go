package browser

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/uptime"
)

// Words that would run or load something if they were not taken as text, in all
// places where a room shows words. What nobody sees of it, a script that the
// policy stops, a dialog, a request to elsewhere, fails these tests as all others:
// see troubles.

// told are the words that a room gets from elsewhere.
type told struct {
	title, wifi, passphrase string // by the host
	notice                  string // by the card's daemons
	text                    string // by a guest
}

var (
	friendlyWords = told{"Burrow", "rabbit", "carrotcarrot", "the plug was pulled", "hello"}
	hostileWords  = told{hostileName, hostile[1], hostile[0], strings.Join(hostile, " "), strings.Join(hostile, "\n")}
)

// roomOf opens a room, on a card, that says these words everywhere.
func roomOf(t *testing.T, w told) *room {
	t.Helper()
	dir := t.TempDir()
	for name, state := range map[string]map[string]any{
		"mistakes.json": {"mistakes": []string{w.notice}},
		"broker.state":  {"state": "failed", "why": w.notice, "note": w.notice, "set_aside": w.notice},
		"hotspot.state": {"state": "failed", "why": w.notice, "name": w.wifi, "interface": "wlan0"},
		"update.state":  {"last": map[string]any{"state": "back", "why": w.notice}},
	} {
		js, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		report(t, dir, name, string(js))
	}
	r := inProcess(t, "-status-dir", dir, "-title", w.title, "-wifi-name", w.wifi, "-wifi-passphrase", w.passphrase)
	r.sayAll(w.title, w.text)
	return r
}

// active are the elements of a page that do something.
const active = `[...document.querySelectorAll('*')]
	.filter((el) => el.matches('script, style, link, meta, base, img, iframe, object, embed, form, video, audio, animate')
		|| [...el.attributes].some((a) => /^(on|srcdoc|style)/i.test(a.name) || /^\s*(javascript|vbscript|data:text)/i.test(a.value)))
	.map((el) => el.cloneNode().outerHTML)`

// TestHostilePages looks at the pages that the server makes, in a room of
// friendly words and in one of hostile ones: nothing but the text differs.
func TestHostilePages(t *testing.T) {
	t.Parallel()
	pages := map[string][]string{} // what is active, by address, among friends
	for _, w := range []told{friendlyWords, hostileWords} {
		room := roomOf(t, w)
		guest := shared.br.Phone(t, "Bob", Large)
		guest.Excuse("Failed to load resource") // of what is not there, and what was refused
		look := func(name string, words ...string) {
			t.Helper()
			guest.Until("the page "+name, `document.readyState === 'complete'`)
			text := See[string](guest, `[document.documentElement.textContent, ...[...document.querySelectorAll('input, textarea')].map((el) => el.value)].join(' ')`)
			for _, word := range words {
				if !strings.Contains(text, word) {
					t.Errorf("%s does not say %q: %s", name, word, text)
				}
			}
			found := See[[]string](guest, active)
			if friends, ok := pages[name]; !ok {
				pages[name] = found
			} else if !slices.Equal(found, friends) {
				t.Errorf("%s has\n%s\nand among friends\n%s", name, strings.Join(found, "\n"), strings.Join(friends, "\n"))
			}
		}
		guest.Goto(room.url + "status")
		look("/status", w.title, w.wifi, w.notice)
		guest.Goto(room.url + "poster")
		look("/poster", w.wifi, w.passphrase)
		guest.Goto(room.url + "basic?text=" + url.QueryEscape(w.notice))
		look("/basic", w.title, w.text)
		See[string](guest, fmt.Sprintf(`(document.querySelector('#name').value = ' ') + (document.querySelector('#text').value = %s)`, quote(w.text)))
		guest.Tap("button")
		guest.Until("a word about the name", `document.querySelector('.notice[role=alert]')`)
		look("the refused form", w.text, "That cannot be a name.")
		guest.Goto(room.url + url.PathEscape(w.notice))
		look("an address that is not there", "There is nothing here.")
	}
}

// TestHostileRecords has an AMQP client that puts them into every property of its
// messages, and says impossible times. Each arrives, as text.
func TestHostileRecords(t *testing.T) {
	room := onRabbitMQ(t)
	ada := room.enter("Ada", Small)
	client := channel(t)
	evil, boot := hostile[1], uptime.Now().Boot
	records := map[string]amqp.Publishing{
		"an app":            {AppId: evil},
		"an id":             {MessageId: evil},
		"a type":            {Type: evil},
		"a correlation":     {CorrelationId: evil},
		"a reply":           {ReplyTo: evil},
		"an encoding":       {ContentEncoding: evil},
		"a boot":            {Headers: amqp.Table{"boot": evil, "up_ms": int64(1)}},
		"a time of text":    {Headers: amqp.Table{"boot": boot, "up_ms": evil}},
		"the end of time":   {Headers: amqp.Table{"boot": boot, "up_ms": int64(math.MaxInt64)}},
		"the start of time": {Headers: amqp.Table{"boot": boot, "up_ms": int64(math.MinInt64)}},
		"an epoch":          {Headers: amqp.Table{"epoch": evil}},
		"another header":    {Headers: amqp.Table{evil: evil, "__proto__": evil, "nested": amqp.Table{evil: evil}}},
	}
	for what, r := range records {
		r.ContentType, r.Body = "text/plain", []byte(what)
		if err := client.Publish("chat", "", false, false, r); err != nil {
			t.Fatal(err)
		}
	}
	for what := range records {
		ada.Sees(what)
	}
	ada.Say("and Ada still speaks")
	ada.SeesSent()
	for _, path := range []string{"", "basic"} {
		ada.Goto(room.url + path)
		for what := range records {
			ada.Until(what, fmt.Sprintf(`[...document.querySelectorAll('.text')].some((m) => m.textContent === %s)`, quote(what)))
		}
		if found := See[[]string](ada, `[...document.querySelectorAll('#log, ol')].flatMap((log) => [...log.querySelectorAll('script, style, img, iframe, object, embed, form, link, a')]).map((el) => el.outerHTML)`); len(found) > 0 {
			t.Errorf("/%s has %q", path, found)
		}
	}
}
