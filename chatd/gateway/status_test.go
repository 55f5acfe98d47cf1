package gateway

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout/memory"
	"warren/chatd/uptime"
)

// onBox serves a room on a card that has just been switched on, whose daemons write
// into dir.
func onBox(t *testing.T, dir string) *testServer { return onBoxSince(t, dir, 0) }

// onBoxSince is onBox of one that has been on for some time.
func onBoxSince(t *testing.T, dir string, up time.Duration) *testServer {
	now := uptime.Now()
	began := now.UpMS - up.Milliseconds()
	clock := func() chat.Stamp { return chat.Stamp{Boot: now.Boot, UpMS: uptime.Now().UpMS - began} }
	return serveOn(t, memory.New(), DefaultLimits, func(c *Config) { c.StatusDir, c.Clock = dir, clock })
}

// tell writes a file as another daemon does.
func tell(t *testing.T, dir, name, js string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".new", []byte(js), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// statusText is the status page as it is read, without its tags.
func statusText(t *testing.T, s *testServer) string {
	t.Helper()
	resp := s.get(t, "/status", nil)
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(body), " ")), " ")
}

func TestStatusPage(t *testing.T) {
	const room, end = "The room The room is open. People here: 0", "It runs Warren test."
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
		well  bool
	}{
		"nothing told": {nil, []string{"How the box is Back to the room " + room, end}, true},
		"all is well": {map[string]string{"mistakes.json": `{"mistakes":[]}`, "broker.state": `{"state":"up","starts":1}`},
			[]string{"Settings warren.toml has no mistakes. RabbitMQ RabbitMQ is up. " + room, end}, true},
		"mistakes": {map[string]string{"mistakes.json": `{"mistakes":["warren.toml line 12: channel = 15: it must be 1 to 13","warren.toml line 3: <b> = 1: there is no such setting"]}`},
			[]string{"Settings There are 2 mistakes in warren.toml.", "warren.toml line 12: channel = 15: it must be 1 to 13 warren.toml line 3: &lt;b&gt; = 1"}, false},
		"notes": {map[string]string{"mistakes.json": `{"mistakes":["warren.toml line 1: x"],"notes":["What was set in Raspberry Pi Imager means nothing on this card (ssh)."]}`},
			[]string{"Settings What was set in Raspberry Pi Imager means nothing on this card (ssh). There is a mistake in warren.toml. The last good value stays until it is put right: warren.toml line 1: x"}, false},
		"notes alone": {map[string]string{"mistakes.json": `{"mistakes":[],"notes":["A note."]}`}, []string{"Settings A note. warren.toml has no mistakes."}, true},
		"the broker is dead": {map[string]string{"broker.state": `{"state":"failed","why":"RabbitMQ does not answer","starts":3,"set_aside":"The room has begun anew. It is kept in /perm/rabbitmq.aside."}`},
			[]string{"RabbitMQ has failed, and is tried again: RabbitMQ does not answer.", "The room has begun anew. It is kept in /perm/rabbitmq.aside."}, false},
		"the whole card": {map[string]string{
			"hotspot.state": `{"state":"up","name":"<rabbit>","interface":"wlan0","stations":8,"max":8,"full":true,"joins":12}`,
			"update.state":  `{"version":"1","root":"A","on_trial":false,"receiving":false,"last":{"state":"back","root":"B","why":"it did not report healthy in 5 min"}}`,
		}, []string{"Wi-Fi The Wi-Fi “&lt;rabbit&gt;” is up. Phones on it: 8. It is full: its radio takes no more than 8.",
			"Updates The last update did not work, and the old system is back: it did not report healthy in 5 min."}, true},
		"no Wi-Fi": {map[string]string{"hotspot.state": `{"state":"failed","why":"there is no radio wlan0.","name":"rabbit"}`, "update.state": `{"version":"1"}`},
			[]string{"The Wi-Fi “rabbit” has failed, and is tried again: there is no radio wlan0.", "There has been no update."}, false},
		"unreadable": {map[string]string{"broker.state": `{"sta`, "mistakes.json": `[]`},
			[]string{"Settings This cannot be told: mistakes.json cannot be read. RabbitMQ This cannot be told: broker.state cannot be read. " + room}, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, js := range test.files {
				tell(t, dir, file, js)
			}
			s := onBox(t, dir)
			s.awaitUp(t)
			text := statusText(t, s)
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("the page lacks %q: %s", want, text)
				}
			}
			if !regexp.MustCompile(`This box It was switched on (just now|\d+ (min|h \d+ min|days) ago)\.`).MatchString(text) {
				t.Errorf("the page does not say how long it has been on: %s", text)
			}
			want := "well"
			if !test.well {
				want = "trouble"
			}
			if _, welcome := s.join(t, nil); welcome.Box != want {
				t.Errorf("the welcome says %q", welcome.Box)
			}
			r := newReader(t, s)
			if says := strings.Contains(r.read(r.Get(r.url)), `href="/status"`); says == test.well {
				t.Errorf("the page without JavaScript leads to the status page: %v", says)
			}
		})
	}
}

// Off a card, and on one whose folder is not there yet, there is nothing to
// tell.
func TestStatusWithoutBox(t *testing.T) {
	for _, dir := range []string{"", filepath.Join(t.TempDir(), "none")} {
		if text := statusText(t, onBox(t, dir)); strings.Contains(text, "Settings") || strings.Contains(text, "RabbitMQ is") || !strings.Contains(text, "This box") {
			t.Errorf("%q: %s", dir, text)
		}
	}
}

// A daemon that has said nothing for a minute is named.
func TestSilentDaemon(t *testing.T) {
	dir := t.TempDir()
	tell(t, dir, "hotspot.state", `{"state":"up","name":"rabbit"}`)
	s := onBoxSince(t, dir, time.Minute)
	if text := statusText(t, s); !strings.Contains(text, "RabbitMQ has said nothing since the box was switched on.") || strings.Contains(text, "makes the Wi-Fi has said nothing") {
		t.Errorf("the page says %s", text)
	}
	if _, welcome := s.join(t, nil); welcome.Box != "trouble" {
		t.Errorf("the welcome says %q", welcome.Box)
	}
}

// Everybody who is in the room learns when the box needs its host, and when it
// does not any more.
func TestBoxIsTold(t *testing.T) {
	dir := t.TempDir()
	s := onBox(t, dir)
	phone, welcome := s.join(t, nil)
	plain := s.dial(t, "?name=Bob")
	if welcome.Box != "well" {
		t.Errorf("the welcome says %q", welcome.Box)
	}
	tell(t, dir, "broker.state", `{"state":"failed","why":"it ended"}`)
	if f := phone.next("box"); f.State != "trouble" {
		t.Errorf("then %q", f.State)
	}
	if _, late := s.join(t, nil); late.Box != "trouble" {
		t.Errorf("the next welcome says %q", late.Box)
	}
	tell(t, dir, "broker.state", `{"state":"starting"}`)
	if f := phone.next("box"); f.State != "well" {
		t.Errorf("in the end %q", f.State)
	}
	phone.say("a", "hello") // the plain protocol has no word for it
	if got := plain.text(); !strings.HasSuffix(got, ": hello") {
		t.Errorf("the plain protocol says %q", got)
	}
}

func TestSince(t *testing.T) {
	for d, want := range map[time.Duration]string{
		59 * time.Second: "just now", 90 * time.Second: "1 min ago", 3*time.Hour + 5*time.Minute: "3 h 5 min ago", 50 * time.Hour: "2 days ago",
	} {
		if got := wordsIn["en"].since(d); got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
}
