package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"warren/chatd/chat"
)

var (
	ada   = chat.Person{ID: "adaaaaaa", Name: "Ada"}
	bob   = chat.Person{ID: "bobbbbbb", Name: "Bob"}
	began = time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	cet   = time.FixedZone("", 3600)
)

// talkOf is a talk of these entries, in order: the boot "here" has a clock, others
// have none.
func talkOf(entries ...Entry) Talk {
	return Talk{
		Title:  "rabbit",
		Zone:   cet,
		Now:    chat.Stamp{Boot: "here", UpMS: 3 * 3600_000},
		Clocks: map[string]Began{"here": {MS: began.UnixMilli()}},
		Walk: func(_ context.Context, yield func(Entry) error) error {
			for i, e := range entries {
				e.Offset = int64(i)
				if err := yield(e); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// said is a message, so long after the boot.
func said(who chat.Person, after time.Duration, text string) Entry {
	return Entry{From: who, Text: text, Stamp: chat.Stamp{Boot: "here", UpMS: after.Milliseconds()}}
}

func before(who chat.Person, text string) Entry {
	return Entry{From: who, Text: text, Stamp: chat.Stamp{Boot: "another", UpMS: 1}}
}

func reply(e Entry, to int64) Entry {
	e.ReplyTo = &to
	return e
}

func reacts(who chat.Person, to int64, emoji string, undo bool) Entry {
	return Entry{From: who, Reaction: &Reaction{To: to, Emoji: emoji, Undo: undo}}
}

func write(t *testing.T, talk Talk, f Format) string {
	t.Helper()
	s, err := Prepare(t.Context(), talk)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.Write(t.Context(), &b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// evening has everything that a transcript can show.
func evening() Talk {
	edited := said(bob, 90*time.Minute, "right now")
	edited.Edited = true
	hidden, deleted := said(bob, 2*time.Hour, ""), said(ada, 2*time.Hour, "")
	hidden.Gone, deleted.Gone = Hidden, Deleted
	picture := said(ada, 2*time.Hour+time.Minute, "look")
	picture.Picture = &Picture{ID: strings.Repeat("c0ffee00", 8), W: 1200, H: 900}
	talk := talkOf(
		before(ada, "who was first?"),
		said(ada, 45*time.Minute, "hello\n23:59  Bob: I did not say this"), // 1
		reacts(bob, 1, "👍", false),
		reacts(ada, 1, "👍", false),
		reacts(bob, 1, "🎉", false),
		reacts(bob, 1, "🎉", true),
		edited,                                           // 6
		reply(said(bob, 2*time.Hour, "hello to you"), 1), // 7
		hidden, deleted,
		said(ada, 2*time.Hour, "/me waves"), // 10
		picture,
		said(chat.Person{Name: "Ada"}, 2*time.Hour+2*time.Minute, "I am a script"),
	)
	return talk
}

func TestText(t *testing.T) {
	want := `rabbit

Transcript of the room, made on Tuesday, 24 November 2026, 02:00.
The box has no clock: times are those of the phones of several guests that agree, as UTC+01:00. What was said while nobody’s clock was known has no time.

== Earlier: nobody’s clock was known ==

   …     Ada (adaa): who was first?

== Monday, 23 November 2026 ==

 23:45   Ada (adaa): hello
         23:59  Bob: I did not say this
         👍 2

== Tuesday, 24 November 2026 ==

 00:30   Bob: right now  (edited)
 01:00   Bob: hello to you
         ↳ to Ada (adaa): “hello 23:59  Bob: I did not say this”
 01:00   (A message of Bob was hidden by the host.)
 01:00   (Ada (adaa) has deleted this message.)
 01:00   * Ada (adaa) waves
 01:01   Ada (adaa): look
         [picture ` + strings.Repeat("c0ffee00", 8) + `.jpg, 1200 × 900]
 01:02   Ada (AMQP): I am a script

9 messages.
`
	if got := write(t, evening(), Text); got != want {
		t.Errorf("the transcript is:\n%s\nnot:\n%s", got, want)
	}
}

func TestJSONLines(t *testing.T) {
	out := write(t, evening(), JSONLines)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 9 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	if want := `{"offset":0,"time":null,"boot":"another","up_ms":1,"from":{"id":"adaaaaaa","name":"Ada"},"text":"who was first?"}`; lines[0] != want {
		t.Errorf("what has no time is\n%s\nnot\n%s", lines[0], want)
	}
	want := `{"offset":1,"time":"2026-11-23T22:45:00.000Z","clock":"guests","boot":"here","up_ms":2700000,"from":{"id":"adaaaaaa","name":"Ada"},"text":"hello\n23:59  Bob: I did not say this","reactions":[{"emoji":"👍","count":2}]}`
	if lines[1] != want {
		t.Errorf("what has all is\n%s\nnot\n%s", lines[1], want)
	}
	for i, part := range map[int]string{2: `"edited":true`, 3: `"reply_to":1`, 4: `"gone":"hidden"`, 5: `"gone":"deleted"`, 7: `"picture":{"id":"c0ffee`} {
		if !strings.Contains(lines[i], part) {
			t.Errorf("line %d has no %s: %s", i, part, lines[i])
		}
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

func TestHTML(t *testing.T) {
	talk := evening()
	jpeg := []byte("\xff\xd8\xff a picture")
	talk.Picture = func(id string) ([]byte, bool) { return jpeg, true }
	out := write(t, talk, HTML)
	for what, part := range map[string]string{
		"a day":                 `<h2>Monday, 23 November 2026</h2>`,
		"a time":                `<time datetime="2026-11-23T23:45:00.000&#43;01:00" title="Monday, 23 November 2026, 23:45:00">23:45</time>`,
		"what has no time":      `<span>earlier</span>`,
		"reactions":             `<span>👍 2</span></p>`,
		"an edit":               `<span>(edited)</span>`,
		"a reply":               `<blockquote><a href="#m1"><bdi>Ada (adaa)</bdi>: <bdi>hello 23:59`,
		"what was hidden":       `A message of Bob was hidden by the host.`,
		"a picture":             `<img src="data:image/jpeg;base64,/9j/IGEgcGljdHVyZQ==" width="1200" height="900"`,
		"/me":                   `<p class="text does" dir="auto">Ada (adaa) waves</p>`,
		"the direction of text": `<p class="text" dir="auto">hello`,
		"whose clock":           `times are those of the phones of several guests that agree, as UTC&#43;01:00.`,
		"the policy":            `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src`,
	} {
		if !strings.Contains(out, part) {
			t.Errorf("%s is missing: %s", what, part)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	if strings.Contains(out, "<script") || strings.Contains(out, "ZgotmplZ") || !strings.Contains(out, "<style>"+style+"</style>") {
		t.Errorf("the transcript is\n%s", out)
	}
	if text := tags.ReplaceAllString(out, ""); strings.Contains(text, "🎉") {
		t.Error("a reaction that was undone is shown")
	}
}

// hostile are texts as nobody writes them who means well.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</p></article></main><h1>forged</h1>`, `{{.Title}}`,
	`</style><style>*{display:none}</style>`, `javascript:alert(1)`, `=HYPERLINK("http://evil","x")`, "\u202egnp.exe\u2066",
	"a\n\n\n23:59   Bob: forged\n== Monday ==", "/me <b>waves</b>", "\ufeffbom", "a\tb", `\u2028`, "👩‍👩‍👧‍👦", "\u200fשלום", "&lt;",
}

func TestHostileTextsStayTexts(t *testing.T) {
	var entries []Entry
	for i, text := range hostile {
		e := said(chat.Person{ID: fmt.Sprint("id", i), Name: `<i>"x"'` + text[:1]}, time.Hour, text)
		if i > 0 {
			e = reply(e, int64(i-1))
		}
		entries = append(entries, e)
	}
	talk := talkOf(entries...)
	talk.Title = `</title><script>`
	out := write(t, talk, HTML)
	for _, tag := range []string{"<script", "<img", "<h1>forged", "<b>", "<i>"} {
		if strings.Contains(out, tag) {
			t.Errorf("%s is markup in\n%s", tag, out)
		}
	}
	if n := strings.Count(out, "<style>"); n != 1 {
		t.Errorf("there are %d <style>", n)
	}
	if n := strings.Count(out, "<article"); n != len(hostile) {
		t.Errorf("%d messages are %d articles", len(hostile), n)
	}

	// In a text file what nobody but Warren wrote begins at the margin, or with a time.
	own := regexp.MustCompile(`^(| \d\d:\d\d   .*|         .*|== .* ==|\d+ messages\.|Transcript .*|The box .*|</title><script>)$`)
	times := 0
	for _, line := range strings.Split(write(t, talk, Text), "\n") {
		if !own.MatchString(line) {
			t.Errorf("a line of the text is %q", line)
		}
		if strings.HasPrefix(line, " 0") {
			times++
		}
		if strings.HasPrefix(line, "== ") && line != "== Tuesday, 24 November 2026 ==" {
			t.Errorf("a forged day: %q", line)
		}
	}
	if times != len(hostile) {
		t.Errorf("%d messages have %d times", len(hostile), times)
	}

	for i, line := range strings.Split(strings.TrimSpace(write(t, talk, JSONLines)), "\n") {
		var got struct{ Text string }
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.Text != hostile[i] {
			t.Errorf("%q became %q (%v)", hostile[i], got.Text, err)
		}
	}
	if name := survey(t, talk).FileName(HTML); name != "--title--script- 2026-11-24.html" {
		t.Errorf("the file is called %q", name)
	}
}

func survey(t *testing.T, talk Talk) *Survey {
	t.Helper()
	s, err := Prepare(t.Context(), talk)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTimesSayWhoseTheyAre(t *testing.T) {
	for _, test := range []struct {
		entries []Entry
		byHost  bool
		want    string
	}{
		{[]Entry{before(ada, "x")}, false, "The box has no clock, and nobody’s was known: there are no times."},
		{[]Entry{said(ada, 0, "x")}, true, "The box has no clock: times are those of the host’s phone, as UTC+01:00."},
		{[]Entry{said(ada, 0, "x"), before(ada, "x")}, true, "The box has no clock: times are those of the host’s phone, as UTC+01:00. What was said while nobody’s clock was known has no time."},
	} {
		talk := talkOf(test.entries...)
		talk.Clocks["here"] = Began{began.UnixMilli(), test.byHost}
		if got := survey(t, talk).clocks(); got != test.want {
			t.Errorf("the transcript says %q", got)
		}
	}
	for minutes, want := range map[int]string{0: "UTC", 120: "UTC+02:00", -210: "UTC-03:30", 840: "UTC+14:00"} {
		if got := zoneName(time.FixedZone("", minutes*60)); got != want {
			t.Errorf("%d minutes are called %q", minutes, got)
		}
	}

	// Without a clock nobody knows the date, and stamps that cannot be have no time.
	talk := talkOf(Entry{From: ada, Text: "x", Stamp: chat.Stamp{Boot: "here", UpMS: 9e12}}, Entry{From: ada, Text: "y", Stamp: chat.Stamp{Boot: "here", UpMS: -1}})
	talk.Now = chat.Stamp{Boot: "another"}
	s := survey(t, talk)
	if name := s.FileName(Text); name != "rabbit.txt" {
		t.Errorf("the file is called %q", name)
	}
	if out := write(t, talk, JSONLines); strings.Contains(out, `"text":"y"`) && !strings.Contains(out, `"time":null`) {
		t.Errorf("impossible times: %s", out)
	}
}

func TestPicturesBeyondTheLimitAreNamed(t *testing.T) {
	var entries []Entry
	for range 25 {
		e := said(ada, 0, "")
		e.Picture = &Picture{ID: strings.Repeat("0", 64), W: 10, H: 10}
		entries = append(entries, e)
	}
	entries[24].Picture.ID = strings.Repeat("1", 64) // not kept
	talk := talkOf(entries...)
	talk.Picture = func(id string) ([]byte, bool) { return make([]byte, 1<<20), id[0] == '0' }
	out := write(t, talk, HTML)
	if images, names := strings.Count(out, "<img "), strings.Count(out, ".jpg, 10 × 10]"); images != 20 || names != 5 {
		t.Errorf("%d pictures and %d names", images, names)
	}
}

func TestLogThatCannotBeReadEndsWithASentence(t *testing.T) {
	talk := talkOf(said(ada, 0, "first"), said(ada, 0, "second"))
	walk, walks := talk.Walk, 0
	talk.Walk = func(ctx context.Context, yield func(Entry) error) error {
		if walks++; walks%2 == 1 {
			return walk(ctx, yield)
		}
		yield(said(ada, 0, "first"))
		return errors.New("the exchange cannot be reached now")
	}
	for _, f := range []Format{HTML, Text, JSONLines} {
		var b bytes.Buffer
		err := survey(t, talk).Write(t.Context(), &b, f)
		if err == nil || !strings.Contains(b.String(), "first") || !strings.Contains(b.String(), "is not complete: it ends here, because the rest of the log could not be read (the exchange cannot be reached now). Ask for it again.") {
			t.Errorf("%v: %v:\n%s", f, err, b.String())
		}
	}
}

func TestReaderThatGoesAwayEndsTheWalk(t *testing.T) {
	talk := talkOf(said(ada, 0, "x"))
	seen := 0
	talk.Walk = func(_ context.Context, yield func(Entry) error) error {
		for range 100_000 {
			seen++
			if err := yield(said(ada, 0, strings.Repeat("x", 1000))); err != nil {
				return err
			}
		}
		return nil
	}
	s := survey(t, talk)
	for _, f := range []Format{HTML, Text, JSONLines} {
		seen = 0
		if err := s.Write(t.Context(), gone404{}, f); !errors.Is(err, io.ErrClosedPipe) || seen > 100 {
			t.Errorf("%v: %v after %d messages", f, err, seen)
		}
	}
}

type gone404 struct{}

func (gone404) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestMemoryIsBounded exports 50,000 messages, of which many are answers and have
// reactions, and looks at the heap while they are written.
func TestMemoryIsBounded(t *testing.T) {
	const messages, limit = 50_000, 24 << 20
	talk := talkOf()
	talk.Walk = func(_ context.Context, yield func(Entry) error) error {
		for i := range int64(messages) {
			e := said(chat.Person{ID: fmt.Sprint("id", i%300), Name: fmt.Sprint("Guest ", i%300)}, time.Duration(i)*time.Second, strings.Repeat("word ", 200))
			e.Offset = 2 * i
			if i%3 == 1 {
				e = reply(e, 2*(i-1))
			}
			if err := yield(e); err != nil {
				return err
			}
			r := reacts(chat.Person{ID: fmt.Sprint("id", i%299)}, 2*i, "👍", false)
			r.Offset = 2*i + 1
			if err := yield(r); err != nil {
				return err
			}
		}
		return nil
	}
	for _, f := range []Format{HTML, Text, JSONLines} {
		var mem runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&mem)
		idle := mem.HeapAlloc
		s := survey(t, talk)
		w := &watcher{}
		if err := s.Write(t.Context(), w, f); err != nil {
			t.Fatal(err)
		}
		if w.written < messages*1000 {
			t.Errorf("%v: only %d bytes were written", f, w.written)
		}
		if used := int64(w.most) - int64(idle); used > limit {
			t.Errorf("%v: %d bytes of heap are in use while %d are written", f, used, w.written)
		} else {
			t.Logf("%v: %.1f MB of heap for %.1f MB of transcript", f, float64(used)/1e6, float64(w.written)/1e6)
		}
	}
}

// watcher looks at the heap every 4 MiB.
type watcher struct {
	written, looked int
	most            uint64
}

func (w *watcher) Write(b []byte) (int, error) {
	w.written += len(b)
	if w.written-w.looked >= 4<<20 {
		w.looked = w.written
		runtime.GC()
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		w.most = max(w.most, mem.HeapAlloc)
	}
	return len(b), nil
}
