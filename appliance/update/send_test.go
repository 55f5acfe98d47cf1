package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"warren/appliance/update/bootfile"
	"warren/appliance/update/trial"
)

// sender is the program that a host runs.
func sender(t *testing.T) (send func(code string, args ...string) (exit int, said string)) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "send")
	tool(t, "go", "build", "-o", program, "./send")
	return func(code string, args ...string) (int, string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Env = append(os.Environ(), "WARREN_HOST_CODE="+code)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
}

// What a host sees, from the first update to one that fails.
func TestUpdate(t *testing.T) {
	send := sender(t)
	b := startBoard(t)
	expect := func(running, own trial.Root, state trial.State) {
		t.Helper()
		if got := line(t, b.card, bootfile.OwnLine); got != own {
			t.Errorf("root %v starts by itself, not %v", got, own)
		}
		u := newUpdater(b.file("record.json"), "", nil)
		if r := u.readRecord(); r.State != state {
			t.Errorf("the update is %q (%s), not %q", r.State, r.Why, state)
		}
	}
	root := filepath.Join(t.TempDir(), "warren.img.root")
	good := makeRoot(t, nil)
	if err := os.WriteFile(root, good, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-root", root, "-trial", "30s", b.address}

	exit, said := send("wrong-code", args...)
	if exit != 1 || !strings.Contains(said, "the card says: the host code is wrong") || strings.Contains(said, "%") {
		t.Errorf("a wrong code: exit %d\n%s", exit, said)
	}
	if b.lives.Load() != 1 {
		t.Error("it restarts")
	}

	exit, said = send(code, args...)
	if exit != 0 || !strings.Contains(said, b.address+" runs the new system, v2 go1.26, from root B.") ||
		!strings.Contains(said, "\n100 %") || strings.Contains(said, code) {
		t.Errorf("a good update: exit %d\n%s", exit, said)
	}
	t.Logf("what a host sees:\n%s", said)
	expect(trial.B, trial.B, trial.Kept)

	// The next one goes to the other root, and does not open its room.
	b.well[trial.A].Store(false)
	exit, said = send(code, args...)
	if exit != 1 || !strings.Contains(said, "went back to the old system: the new one failed: it had not proved itself 30s after its start: chatd does not reach the broker (503") {
		t.Errorf("an update that fails: exit %d\n%s", exit, said)
	}
	t.Logf("and if it fails:\n%s", said)
	expect(trial.B, trial.B, trial.Back)

	// And again, with one that is well.
	b.well[trial.A].Store(true)
	if exit, said = send(code, args...); exit != 0 || !strings.Contains(said, "from root A") {
		t.Errorf("the next one: exit %d\n%s", exit, said)
	}
	expect(trial.A, trial.A, trial.Kept)
	if log := b.log.String(); strings.Contains(log, code) {
		t.Error("the host's code is in the log")
	}
	if lives := b.lives.Load(); lives != 5 {
		t.Errorf("the machine was started %d times: once, once for each update, and once to go back", lives)
	}
	// The status page reads this.
	if state, err := os.ReadFile(b.file("update.state")); err != nil || !strings.Contains(string(state), `"on_trial":false`) || !strings.Contains(string(state), `"state":"kept"`) {
		t.Errorf("update.state has %s (%v)", state, err)
	}
	written, err := os.ReadFile(b.card.a)
	if err != nil || sha256.Sum256(written[:len(good)]) != sha256.Sum256(good) {
		t.Errorf("root A has something else (%v)", err)
	}
}

// What is wrong is said before anything is sent, in words that help.
func TestSenderExplains(t *testing.T) {
	send := sender(t)
	root := filepath.Join(t.TempDir(), "root")
	if err := os.WriteFile(root, []byte("hsqs"), 0o600); err != nil {
		t.Fatal(err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	answers := func(status int, text string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); w.Write([]byte(text)) }))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	for _, test := range []struct {
		what string
		code string
		args []string
		exit int
		said string
	}{
		{"no host", code, []string{"-root", root}, 2, "usage: send"},
		{"an empty host", code, []string{"-root", root, ""}, 2, "usage: send"},
		{"no image", code, []string{"-root", root + ".none", "127.0.0.1"}, 1, "`make image` builds it"},
		{"a trial without time", code, []string{"-root", root, "-trial", "1s", "127.0.0.1"}, 2, "from 30s to 30m0s"},
		{"nobody listens", code, []string{"-root", root, closed.Addr().String()}, 1, "takes no updates at " + closed.Addr().String()},
		{"nonsense", code, []string{"-root", root, "a b:c"}, 1, "no name or address"},
		{"another server", code, []string{"-root", root, answers(200, "<html>")}, 1, "is not Warren"},
		{"a card with a problem", code, []string{"-root", root, answers(503, "this card takes no updates: x")}, 1, "the card says: this card takes no updates: x"},
		{"a weak challenge", code, []string{"-root", root, answers(200, `{"challenge": {"nonce": "n", "salt": "MDEyMzQ1Njc4OWFiY2RlZg==", "iterations": 1}}`)}, 1, "does not make"},
		{"nobody to ask for the code", "", []string{"-root", root, answers(200, `{"challenge": {"nonce": "n"}}`)}, 1, "WARREN_HOST_CODE"},
	} {
		exit, said := send(test.code, test.args...)
		if exit != test.exit || !strings.Contains(said, test.said) {
			t.Errorf("%s: exit %d\n%s", test.what, exit, said)
		}
	}
}

// The room is well when the broker is up and chatd reaches it; of another
// machine's broker nothing is asked.
func TestRoom(t *testing.T) {
	state := filepath.Join(t.TempDir(), "broker.state")
	pages := map[string]int{}
	chatd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(pages[r.URL.Path]) }))
	defer chatd.Close()
	for _, test := range []struct {
		state          string
		ready, healthy int
		wrong          string
	}{
		{`{"state": "up"}`, 200, 200, ""},
		{`{"state": "up", "in_memory": "The card cannot be written."}`, 200, 200, "the broker is up, and keeps nothing: The card cannot be written."},
		{`{"state": "up"}`, 503, 200, "chatd does not reach the broker (503 Service Unavailable)"},
		{`{"state": "elsewhere"}`, 503, 200, ""},
		{`{"state": "elsewhere"}`, 503, 500, "chatd is not well (500 Internal Server Error)"},
		{`{"state": "starting"}`, 200, 200, "the broker is starting"},
		{`{"state": "failed", "why": "crun is gone"}`, 503, 200, "the broker is failed: crun is gone"},
		{`{"state": "failed", "why": "crun is gone"}`, 503, 500, "chatd is not well (500 Internal Server Error)"},
		{``, 200, 200, "the broker is not there yet"},
		{`{"sta`, 200, 200, "the broker is not there yet"},
	} {
		pages = map[string]int{"/readyz": test.ready, "/healthz": test.healthy}
		if err := os.WriteFile(state, []byte(test.state), 0o600); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := roomAt(chatd.URL, state).wrong(t.Context()); err != nil {
			got = err.Error()
		}
		if got != test.wrong {
			t.Errorf("%s, %d, %d: %q, want %q", test.state, test.ready, test.healthy, got, test.wrong)
		}
	}
	os.Remove(state)
	chatd.Close()
	if err := roomAt(chatd.URL, state).wrong(t.Context()); fmt.Sprint(err) != "chatd does not answer" {
		t.Error(err)
	}
}

func TestFlags(t *testing.T) {
	var out, errs bytes.Buffer
	if o, exit, ok := parse(nil, &out, &errs); !ok || o.listen != ":8082" || o.file("run", "x") != "/run/warren/x" || o.file("data", "x") != "/perm/warren/x" {
		t.Errorf("exit %d, %+v, %s", exit, o, &errs)
	}
	if _, exit, ok := parse([]string{"-run", "here"}, &out, &errs); ok || exit != 2 || !strings.Contains(errs.String(), "begins with /") {
		t.Errorf("exit %d, %s", exit, &errs)
	}
	// What a card asks of a new system, before it is tried.
	if _, exit, ok := parse([]string{"-version"}, &out, &errs); ok || exit != 0 || !strings.HasPrefix(out.String(), "update ") {
		t.Errorf("exit %d, %s", exit, &out)
	}
}
