package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"warren/appliance/update/bootfile"
	"warren/appliance/update/protocol"
	"warren/appliance/update/trial"
)

// desk is a door that is open, on a card that is not restarted.
type desk struct {
	*testing.T
	*door
	card card
	url  string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	c := newTestCard(t)
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	u := newUpdater(filepath.Join(dir, "record.json"), filepath.Join(dir, "update.state"), log)
	if err := u.begin(c); err != nil {
		t.Fatal(err)
	}
	key, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{T: t, door: newDoor(u, filepath.Join(dir, "code.json"), log), card: c}
	d.salt, d.of, d.key = testSalt, code, key
	d.settings(`{"host-code": "` + code + `"}`)
	server := httptest.NewServer(d.handler())
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

func (d *desk) settings(text string) {
	d.Helper()
	if err := os.WriteFile(d.codeFile, []byte(text), 0o600); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) asks() protocol.Status {
	d.Helper()
	resp, err := http.Get(d.url)
	if err != nil {
		d.Fatal(err)
	}
	defer resp.Body.Close()
	var s protocol.Status
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil || resp.StatusCode != http.StatusOK {
		d.Fatalf("%s: %v", resp.Status, err)
	}
	return s
}

// announce announces a root file system.
func (d *desk) announce(root []byte) protocol.Announcement {
	return protocol.Announcement{Nonce: d.asks().Challenge.Nonce, SHA256: sha256.Sum256(root), Length: int64(len(root)), Trial: time.Minute}
}

// sends sends what was announced, and returns the answer.
func (d *desk) sends(body io.Reader, a protocol.Announcement, change func(*http.Request)) (status int, text string) {
	d.Helper()
	req, err := http.NewRequestWithContext(d.Context(), http.MethodPut, d.url+"/root", body)
	if err != nil {
		d.Fatal(err)
	}
	req.ContentLength = a.Length
	a.Set(req.Header, d.key)
	if change != nil {
		change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.TrimSpace(string(answer))
}

// expectNothing checks that nothing has become of an update.
func (d *desk) expectNothing(what string) {
	d.Helper()
	if _, err := os.Stat(d.updater.recordFile); !errors.Is(err, fs.ErrNotExist) {
		d.Errorf("%s: there is a record (%v)", what, err)
	}
	if own, next := line(d.T, d.card, bootfile.OwnLine), line(d.T, d.card, bootfile.TrialLine); own != trial.A || next != trial.A {
		d.Errorf("%s: root %v starts, and %v on trial", what, own, next)
	}
	select {
	case <-d.updater.ready:
		d.Errorf("%s: a trial begins", what)
	default:
	}
}

// Nobody gets in who does not prove to know the code, now and for this update;
// and nothing of what is sent is read before that.
func TestWhoMayUpdate(t *testing.T) {
	d := newDesk(t)
	root := makeRoot(t, nil)
	// A body that never comes: an answer means that it was not waited for.
	never, end := io.Pipe()
	defer end.Close()
	refused := func(what string, a protocol.Announcement, change func(*http.Request), status int, text string) {
		t.Helper()
		if got, said := d.sends(never, a, change); got != status || !strings.Contains(said, text) {
			t.Errorf("%s: %d %q, want %d %q", what, got, said, status, text)
		}
		d.expectNothing(what)
	}
	a := d.announce(root)
	os.Remove(d.codeFile)
	refused("before the settings are read", a, nil, 503, "not read its settings")
	d.settings(`{"host-code": ""}`)
	refused("without a host code", a, nil, 403, "warren.toml")
	d.settings(`{"host-code`)
	refused("with damaged settings", a, nil, 500, "host code")
	d.settings(`{"host-code": "` + code + `"}`)

	refused("without a proof", a, func(r *http.Request) { r.Header = http.Header{} }, 400, "announcement")
	refused("without a length", a, func(r *http.Request) { r.ContentLength = -1 }, 411, "Content-Length")
	refused("with a wrong code", a, func(r *http.Request) { a.Set(r.Header, protocol.Key("another")) }, 401, "host code is wrong")
	refused("with a proof for another hash", a, func(r *http.Request) { r.Header.Set("Warren-Sha256", strings.Repeat("ab", 32)) }, 401, "wrong")
	refused("with a proof for another time", a, func(r *http.Request) { r.Header.Set("Warren-Trial", "1800") }, 401, "wrong")
	for what, nonce := range map[string]string{
		"no nonce": "", "an invented one": strings.Repeat("A", 54), "one of another start": newNonces().make(time.Now()), "half of one": a.Nonce[:20],
	} {
		other := a
		other.Nonce = nonce
		refused(what, other, nil, 401, "ask for a new one")
	}
	d.nonces.begun = d.nonces.begun.Add(-nonceLife - time.Minute) // as if time had passed
	refused("an old one", a, nil, 401, "ask for a new one")
	a = d.announce(root)

	// Three wrong codes were sent; after five not even the right one is
	// looked at, until some time has passed: it is one that somebody has chosen.
	const chosen = "our-evening"
	d.settings(`{"host-code": "` + chosen + `"}`)
	d.of = chosen // the key is as good
	for range wrongCodes - 3 {
		refused("guessing", a, func(r *http.Request) { a.Set(r.Header, protocol.Key("guess")) }, 401, "wrong")
	}
	refused("guessing on", a, func(r *http.Request) { a.Set(r.Header, protocol.Key("guess")) }, 429, "wait a minute")
	refused("the right code after that", a, nil, 429, "wait a minute")
	d.wrong = rate.NewLimiter(rate.Inf, 1)
	d.settings(`{"host-code": "` + code + `"}`)
	d.of = code

	first, second := d.announce(root), d.announce(root)
	d.updater.onTrial = true
	refused("a system on trial", second, nil, 409, "on trial")
	d.updater.onTrial = false
	refused("the same nonce again", second, nil, 401, "ask for a new one")
	refused("one made before it", first, nil, 401, "ask for a new one")
	if status, said := d.sends(bytes.NewReader(root), d.announce(root), nil); status != 200 || !strings.Contains(said, "v2 go1.26") {
		t.Errorf("the right one: %d %s", status, said)
	}
}

// What came is tried only if it is whole, and a system that can start here.
func TestWhatIsTaken(t *testing.T) {
	d := newDesk(t)
	d.wrong = rate.NewLimiter(rate.Inf, 1)
	good := makeRoot(t, nil)
	release, err := kernelRelease()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what   string
		root   []byte
		status int
		text   string
	}{
		{"nothing", nil, 422, "it is no squashfs"},
		{"something else", bytes.Repeat([]byte("x"), 1<<20), 422, "warren.img.root"},
		{"half of a system", good[:len(good)/2], 422, "are missing"},
		{"more than there is room for", make([]byte, small+1), 413, "the partition 4194304"},
		{"for another kernel", makeRoot(t, func(tree string) {
			os.Rename(filepath.Join(tree, "lib/modules", release), filepath.Join(tree, "lib/modules/1.0-x"))
		}), 422, "another kernel than " + release + ", which is not part of an update: flash the card anew"},
		{"without a chatd", makeRoot(t, func(tree string) { os.Remove(filepath.Join(tree, "user/chatd")) }), 422, "it has no /user/chatd"},
		{"with an empty init", makeRoot(t, func(tree string) { os.Truncate(filepath.Join(tree, "gokrazy/init"), 0) }), 422, "it has no /gokrazy/init"},
		{"for another processor", makeRoot(t, func(tree string) {
			os.WriteFile(filepath.Join(tree, "user/update"), []byte("\x7fELF"), 0o755)
		}), 422, "its programs do not run here"},
		{"with a broken update daemon", makeRoot(t, func(tree string) {
			os.WriteFile(filepath.Join(tree, "user/update"), []byte("#!/bin/sh\nexit 1\n"), 0o755)
		}), 422, "its programs do not run here"},
	} {
		if status, said := d.sends(bytes.NewReader(test.root), d.announce(test.root), nil); status != test.status || !strings.Contains(said, test.text) {
			t.Errorf("%s: %d %q, want %d %q", test.what, status, said, test.status, test.text)
		}
		d.expectNothing(test.what)
	}
	// Not what was announced.
	other := bytes.Clone(good)
	other[len(other)/2] ^= 1
	if status, said := d.sends(bytes.NewReader(other), d.announce(good), nil); status != 422 || !strings.Contains(said, "SHA-256") {
		t.Errorf("one bit is another: %d %q", status, said)
	}
	d.expectNothing("one bit is another")

	// After all that, a good one is taken, and no other one after it.
	a := d.announce(good)
	if status, said := d.sends(bytes.NewReader(good), a, nil); status != 200 {
		t.Fatalf("%d %s", status, said)
	}
	want := trial.Record{State: trial.Sent, Root: trial.B, Version: "v2 go1.26", SHA256: fmt.Sprintf("%x", sha256.Sum256(good)), Seconds: 60}
	if s := d.asks(); s.Last == nil || *s.Last != want || s.Root != trial.A || s.OnTrial {
		t.Errorf("%+v, %+v", s, s.Last)
	}
	if r := d.updater.readRecord(); r != want {
		t.Errorf("kept as %+v", r)
	}
	if own, next := line(t, d.card, bootfile.OwnLine), line(t, d.card, bootfile.TrialLine); own != trial.A || next != trial.B {
		t.Errorf("root %v starts, and %v on trial", own, next)
	}
	select {
	case <-d.updater.ready:
	default:
		t.Error("no trial begins")
	}
	written, err := os.ReadFile(d.card.b)
	if err != nil || !bytes.Equal(written[:len(good)], good) {
		t.Errorf("the partition has something else (%v)", err)
	}
	if status, said := d.sends(bytes.NewReader(good), d.announce(good), nil); status != 409 {
		t.Errorf("another one after it: %d %s", status, said)
	}
}

// A sender that goes away, or falls asleep, leaves the card as it was, and free
// for the next one; meanwhile there is no other.
func TestSendersThatStop(t *testing.T) {
	d := newDesk(t)
	d.stall = 500 * time.Millisecond
	root := makeRoot(t, nil)
	begin := func(stall time.Duration) (more *io.PipeWriter, answer chan int) {
		d.stall = stall
		body, more := io.Pipe()
		a := d.announce(root)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, d.url+"/root", body)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = a.Length
		a.Set(req.Header, d.key)
		answer = make(chan int, 1)
		go func() {
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				answer <- 0
				return
			}
			resp.Body.Close()
			answer <- resp.StatusCode
		}()
		if _, err := more.Write(root[:1000]); err != nil {
			t.Fatal(err)
		}
		return more, answer
	}
	// What is sent, and its end, is on its way for a moment.
	awaitFree := func(free bool) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); d.asks().Receiving == free; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the card is free: %v", !free)
			}
		}
	}
	more, answer := begin(time.Minute)
	awaitFree(false)
	if status, said := d.sends(bytes.NewReader(root), d.announce(root), nil); status != 409 || !strings.Contains(said, "another update") {
		t.Errorf("a second sender: %d %s", status, said)
	}
	more.CloseWithError(errors.New("the cable was pulled"))
	<-answer
	awaitFree(true)
	d.expectNothing("a sender that goes away")

	more, answer = begin(300 * time.Millisecond)
	if status := <-answer; status != 408 {
		t.Errorf("a sender that sleeps: %d", status)
	}
	more.Close()
	awaitFree(true)
	d.expectNothing("a sender that sleeps")

	d.stall = time.Minute
	if status, said := d.sends(bytes.NewReader(root), d.announce(root), nil); status != 200 {
		t.Errorf("the next one: %d %s", status, said)
	}
}

// What cannot be noted is not tried; and a card that Warren does not know says so.
func TestBrokenCards(t *testing.T) {
	d := newDesk(t)
	root := makeRoot(t, nil)
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := d.updater.recordFile
	d.updater.recordFile = filepath.Join(blocked, "record.json")
	if status, said := d.sends(bytes.NewReader(root), d.announce(root), nil); status != 500 || !strings.Contains(said, "note the update") {
		t.Errorf("%d %s", status, said)
	}
	if own := line(t, d.card, bootfile.OwnLine); own != trial.A {
		t.Errorf("root %v starts", own)
	}
	d.updater.recordFile = good
	// A partition that is in use is not written to.
	tool(t, "mkfs.ext4", "-q", d.card.b)
	at := t.TempDir()
	tool(t, "mount", d.card.b, at)
	status, said := d.sends(bytes.NewReader(root), d.announce(root), nil)
	tool(t, "umount", at)
	if status != 500 || !strings.Contains(said, "busy") {
		t.Errorf("a mounted partition: %d %s", status, said)
	}

	if err := bootfile.Overwrite(d.card.boot, bootfile.OwnLine, "root=/dev/sda1"); err != nil {
		t.Fatal(err)
	}
	u := newUpdater(good, "", d.log)
	if u.broken = u.begin(d.card); u.broken == nil {
		t.Fatal("any command line is taken")
	}
	w := httptest.NewRecorder()
	newDoor(u, d.codeFile, d.log).handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/", nil))
	if w.Code != 503 || !strings.Contains(w.Body.String(), "cmdline.txt has been changed") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A page from elsewhere, in a browser near the card, neither reads how the card is nor
// uses up the wrong codes that are looked at: by a name bent to the card's address, or
// by its own. The host is let in by whatever the network calls the card.
func TestStrangersPage(t *testing.T) {
	d := newDesk(t)
	good := []byte("a root that is not looked at")
	as := func(host, origin string) func(*http.Request) {
		return func(r *http.Request) {
			r.Host = host
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
		}
	}
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		change func(*http.Request)
		status int
	}{
		{as("evil.example:8082", ""), 421},
		{as("evil.example:8082", "http://evil.example:8082"), 421},
		{as("warren.evil.example", ""), 421},
		{as("10.0.0.7.evil.example:8082", ""), 421},
		{as("0x7f000001", ""), 421},
		{as("127.0.0.1:8082", "http://evil.example"), 403},
		{as("127.0.0.1:8082", "null"), 403},
		{as("127.0.0.1:8082", ""), 401},
		{as("[fe80::1%25eth0]:8082", ""), 401},
		{as("[::1]", ""), 401},
		{as("LOCALHOST.:8082", ""), 401},
		{as(own, ""), 401},
		{as(own+".local:8082", ""), 401},
		{as(protocol.Host, ""), 401},
	} {
		d.door.wrong = rate.NewLimiter(rate.Every(time.Hour), wrongCodes)
		a := d.announce(good)
		wrong := func(r *http.Request) { a.Set(r.Header, protocol.Key("another")); test.change(r) }
		r := httptest.NewRequest(http.MethodPut, "/", nil)
		test.change(r)
		status, said := d.sends(bytes.NewReader(good), a, wrong)
		if status != test.status {
			t.Errorf("as %s, from %q: %d %s, must be %d", r.Host, r.Header.Get("Origin"), status, said, test.status)
		}
		if used := d.door.wrong.Tokens() < wrongCodes-0.5; used != (test.status == 401) {
			t.Errorf("as %s, from %q: a wrong code is counted: %v", r.Host, r.Header.Get("Origin"), used)
		}
		if test.status == 421 {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			test.change(r)
			if d.handler().ServeHTTP(w, r); w.Code != 421 || strings.Contains(w.Body.String(), "nonce") || !strings.Contains(w.Body.String(), "use its address") {
				t.Errorf("as %s it reads %d %s", r.Host, w.Code, w.Body)
			}
		}
	}
	d.expectNothing("strangers")
}

// A host whose code the card has made is let in after any number of wrong ones, but
// for a thousand a second; and those are told no more than without that.
func TestOthersCodesKeepNoHostOut(t *testing.T) {
	d := newDesk(t) // with such a code
	a, proof := d.announce([]byte("a root")), []byte("wrong")
	for i := range 10 * wrongCodes {
		want := errTooMany
		if i < wrongCodes {
			want = errWrongCode
		}
		if err := d.prove(a, proof); err != want {
			t.Fatalf("wrong code %d: %v, want %v", i, err, want)
		}
	}
	if err := d.prove(a, d.key.Prove(a)); err != nil {
		t.Errorf("the right one: %v", err)
	}
	d.door.made = rate.NewLimiter(rate.Every(time.Hour), 1)
	a = d.announce([]byte("a root"))
	if first, then := d.prove(a, proof), d.prove(a, d.key.Prove(a)); first != errTooMany || then != errTooMany {
		t.Errorf("among too many in all: %v, %v", first, then)
	}
}
