package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"warren/chatd/chat"
	"warren/chatd/export"
	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
	"warren/chatd/uptime"
)

// transcript asks for an export as a host does, and returns the whole answer.
func (s *testServer) transcript(t *testing.T, host *http.Cookie, what string) (*http.Response, string) {
	t.Helper()
	resp := s.get(t, "/host/export."+what, func(r *http.Request) {
		if host != nil {
			r.AddCookie(host)
		}
	})
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestTranscriptIsForTheHost(t *testing.T) {
	s := serveHost(t, DefaultLimits)
	guest, _ := s.join(t, map[string]any{"name": "Ada"})
	guest.say("a", "not for everybody")
	guest.records(1)
	for _, format := range []string{"html", "txt", "jsonl"} {
		if resp, body := s.transcript(t, nil, format); resp.StatusCode != http.StatusForbidden || strings.Contains(body, "everybody") {
			t.Errorf("without the code, %s is %s: %s", format, resp.Status, body)
		}
		forged := &http.Cookie{Name: hostCookie, Value: "AAAA"}
		if resp, body := s.transcript(t, forged, format); resp.StatusCode != http.StatusForbidden || strings.Contains(body, "everybody") {
			t.Errorf("with a forged cookie, %s is %s: %s", format, resp.Status, body)
		}
	}
	host := s.enter(t, testCode)
	for _, minutes := range []string{"x", "841", "-841", "1.5", "99999999999999999999", "%0a"} {
		resp, body := s.transcript(t, host, "txt?minutes="+minutes)
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "must be how many minutes the times are east of UTC, from -840 to 840") {
			t.Errorf("minutes=%s: %s: %s", minutes, resp.Status, body)
		}
	}
	for _, minutes := range []string{"0", "-840", "840", ""} {
		if resp, body := s.transcript(t, host, "txt?minutes="+minutes); resp.StatusCode != http.StatusOK || !strings.Contains(body, "Ada: not for everybody") {
			t.Errorf("minutes=%s: %s: %s", minutes, resp.Status, body)
		}
	}
}

func TestTranscriptOfAnEvening(t *testing.T) {
	x := memory.New()
	s := serveHostOn(t, x, testCode, unlimited)
	now := uptime.Now()
	at := time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC)
	cookie := s.enter(t, testCode)
	ada, _ := s.join(t, map[string]any{"name": "Ada"})
	bob, _ := s.join(t, map[string]any{"name": "Bob"})
	ada.say("1", "<b>hello</b>")
	first := bob.records(1)[0]
	bob.send(map[string]any{"type": "say", "ref": "2", "text": "helo", "reply_to": first.Offset})
	second := bob.records(1)[0]
	bob.send(map[string]any{"type": "edit", "ref": "3", "to": second.Offset, "text": "hello back"})
	bob.send(map[string]any{"type": "react", "ref": "4", "to": first.Offset, "emoji": "👍"})
	ada.say("5", "a secret")
	third := bob.hears("a secret")
	bob.send(map[string]any{"type": "say", "ref": "6", "text": "oops"})
	fourth := bob.hears("oops")
	bob.send(map[string]any{"type": "delete", "ref": "7", "to": fourth.Offset})

	// The clock of one boot, by the host, and what was said in another boot,
	// of which nobody knows when that was.
	host := chat.Person{ID: "hosthosthosthost", Name: "Hana"}
	publish(t, x, chat.RecordOf(&chat.Hide{By: host, To: third.Offset}, "8", now))
	publish(t, x, chat.RecordOf(&chat.Clock{Boot: now.Boot, Began: at.UnixMilli() - now.UpMS, By: &host}, "9", now))
	publish(t, x, chat.Message{From: host, Text: "from before"}.Record("10", chat.Stamp{Boot: "before", UpMS: 5}))
	publish(t, x, chat.Message{From: host, Text: "muted", Shadow: true}.Record("11", now))
	ada.say("12", "the end")
	bob.say("13", "the very end") // after what else Bob did
	bob.hears("the very end")

	resp, body := s.transcript(t, cookie, "txt?minutes=60")
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	if err != nil || params["filename"] != "rabbit 2026-11-24.txt" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the headers are %v", resp.Header)
	}
	for _, part := range []string{
		"\n== Tuesday, 24 November 2026 ==\n\n 00:30   Ada: <b>hello</b>\n         👍 1\n",
		" 00:30   Bob: hello back  (edited)\n         ↳ to Ada: “<b>hello</b>”\n",
		" 00:30   (A message of " + chat.SuggestName(first.From.ID) + " was hidden by the host.)\n",
		" 00:30   (Bob has deleted this message.)\n",
		"\n== Earlier: nobody’s clock was known ==\n\n   …     Hana: from before\n",
		"those of the host’s phone, as UTC+01:00. What was said while nobody’s",
	} {
		if !strings.Contains(body, part) {
			t.Errorf("%q is missing in\n%s", part, body)
		}
	}
	for _, gone := range []string{"secret", "oops", "muted", "helo\n"} {
		if strings.Contains(body, gone) {
			t.Errorf("%q is still in\n%s", gone, body)
		}
	}

	resp, body = s.transcript(t, cookie, "html?minutes=60")
	if csp := resp.Header.Get("Content-Security-Policy"); csp != export.Policy || strings.Contains(csp, "script-src") {
		t.Errorf("the policy is %q", csp)
	}
	if !strings.Contains(body, "&lt;b&gt;hello&lt;/b&gt;") || strings.Contains(body, "secret") {
		t.Errorf("the page is\n%s", body)
	}
	_, body = s.transcript(t, cookie, "jsonl")
	if !strings.Contains(body, `"time":"2026-11-23T23:30:0`) || !strings.Contains(body, `"clock":"host"`) || !strings.Contains(body, `"time":null`) {
		t.Errorf("the lines are\n%s", body)
	}
}

// hears waits for a message with this text.
func (c *client) hears(text string) record {
	c.t.Helper()
	for {
		for _, r := range c.next("log").Records {
			if r.Text == text {
				return r
			}
		}
	}
}

func publish(t *testing.T, x fanout.Exchange, rec chat.Record) {
	t.Helper()
	if err := x.Publish(rec); err != nil {
		t.Fatal(err)
	}
}

// TestLongTranscript reads 50,000 messages over a real connection, whole, and
// looks at the heap meanwhile: it holds the room's own log, and little besides.
func TestLongTranscript(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out 50,000 messages")
	}
	const messages, limit = 50_000, 32 << 20
	x := memory.New()
	s := serveHostOn(t, x, testCode, unlimited)
	for i := range messages {
		m := chat.Message{From: chat.Person{ID: fmt.Sprint("id", i%200), Name: fmt.Sprint("Guest ", i%200)}, Text: fmt.Sprintf("message %d %s", i, strings.Repeat("x", 200))}
		rec := m.Record(uuid.NewString(), uptime.Now())
		for x.Publish(rec) != nil {
			time.Sleep(time.Millisecond) // the room reads
		}
	}
	host := s.enter(t, testCode)
	var mem runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&mem)
	idle, most := mem.HeapAlloc, mem.HeapAlloc
	resp := s.get(t, "/host/export.jsonl", func(r *http.Request) { r.AddCookie(host) })
	lines, n := bufio.NewScanner(resp.Body), 0
	for ; lines.Scan(); n++ {
		var l struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil || !strings.HasPrefix(l.Text, fmt.Sprintf("message %d ", n)) {
			t.Fatalf("line %d is %.200s (%v)", n, lines.Bytes(), err)
		}
		if n%10_000 == 5000 {
			runtime.GC()
			runtime.ReadMemStats(&mem)
			most = max(most, mem.HeapAlloc)
		}
	}
	if n != messages || lines.Err() != nil {
		t.Errorf("%d of %d messages came: %v", n, messages, lines.Err())
	}
	if most-idle > limit {
		t.Errorf("a transcript takes %d bytes of heap", most-idle)
	}
	t.Logf("%.1f MB of heap besides the %.1f MB that were there", float64(most-idle)/1e6, float64(idle)/1e6)
}

// tornLog is a log that can be read so many times, and no more.
type tornLog struct {
	*memory.Exchange
	reads atomic.Int64
}

func (x *tornLog) Read(ctx context.Context, from, before int64, n int) ([]chat.Record, error) {
	if x.reads.Add(-1) < 0 {
		return nil, fanout.ErrAway
	}
	return x.Exchange.Read(ctx, from, before, n)
}

func TestTranscriptOfALogThatGoesAway(t *testing.T) {
	const plenty = 1 << 40
	x := &tornLog{Exchange: memory.New()}
	x.reads.Store(plenty)
	s := serveHostOn(t, x, testCode, unlimited)
	guest, _ := s.join(t, map[string]any{"name": "Ada", "history": 0})
	for i := range 3000 { // more than the room holds
		publish(t, x, chat.Message{From: chat.Person{ID: "bob", Name: "Bob"}, Text: fmt.Sprint("message ", i)}.Record(uuid.NewString(), uptime.Now()))
	}
	guest.records(3000)
	host := s.enter(t, testCode)
	x.reads.Store(plenty)
	if resp, body := s.transcript(t, host, "txt"); resp.StatusCode != http.StatusOK || !strings.HasSuffix(body, "\n3000 messages.\n") {
		t.Fatalf("the transcript is %s: …%s", resp.Status, body[max(0, len(body)-300):])
	}
	needed := plenty - x.reads.Load()
	if needed < 4 {
		t.Fatalf("the log was read %d times", needed)
	}

	x.reads.Store(0)
	resp, body := s.transcript(t, host, "txt")
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "cannot be read now") {
		t.Errorf("of a log that is away, the answer is %s: %s", resp.Status, body)
	}
	x.reads.Store(needed - 1)
	resp, body = s.transcript(t, host, "txt")
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, "Bob: message 5\n") ||
		!strings.HasSuffix(body, "This transcript is not complete: it ends here, because the rest of the log could not be read (the exchange cannot be reached now). Ask for it again.\n") {
		t.Errorf("of a log that goes away, the answer is %s: …%s", resp.Status, body[max(0, len(body)-300):])
	}
}

func TestTranscriptsAtATimeAreLimited(t *testing.T) {
	s := serveHost(t, unlimited)
	guest, _ := s.join(t, map[string]any{"name": "Ada"})
	guest.say("a", "hello")
	guest.records(1)
	host := s.enter(t, testCode)
	for range maxExports {
		s.gateway.exporting <- struct{}{}
	}
	if resp, body := s.transcript(t, host, "txt"); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "60" {
		t.Errorf("the answer is %s: %s", resp.Status, body)
	}
	<-s.gateway.exporting
	for range 3 { // each makes room for the next
		if resp, body := s.transcript(t, host, "txt"); resp.StatusCode != http.StatusOK {
			t.Errorf("the answer is %s: %s", resp.Status, body)
		}
	}
}

// slowLog is a log on a slow disk.
type slowLog struct {
	*memory.Exchange
	slow time.Duration // a read
}

func (x slowLog) Read(ctx context.Context, from, before int64, n int) ([]chat.Record, error) {
	time.Sleep(x.slow)
	return x.Exchange.Read(ctx, from, before, n)
}

// TestTranscriptMayTakeLongerThanOtherAnswers is about the server's write timeout,
// which is for pages.
func TestTranscriptMayTakeLongerThanOtherAnswers(t *testing.T) {
	const messages = 5000
	x := slowLog{memory.New(), 20 * time.Millisecond}
	s := serveHostOn(t, x, testCode, unlimited)
	guest, _ := s.join(t, map[string]any{"history": 0})
	for i := range messages {
		publish(t, x, chat.Message{From: chat.Person{ID: "bob", Name: "Bob"}, Text: fmt.Sprint("message ", i)}.Record(uuid.NewString(), uptime.Now()))
	}
	guest.hears(fmt.Sprint("message ", messages-1))
	hurried := httptest.NewUnstartedServer(s.gateway)
	hurried.Config.WriteTimeout = 50 * time.Millisecond
	hurried.Start()
	defer hurried.Close()
	s.url = hurried.URL
	begun := time.Now()
	_, body := s.transcript(t, s.enter(t, testCode), "txt")
	if !strings.HasSuffix(body, "\n5000 messages.\n") || time.Since(begun) < hurried.Config.WriteTimeout {
		t.Errorf("after %v: …%s", time.Since(begun), body[max(0, len(body)-300):])
	}
}
