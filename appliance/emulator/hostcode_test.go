package emulator

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"warren/appliance/settings"
	"warren/chatd/hostcode"
)

// Each card makes a host's code at its first start. Its owner reads it in a file
// on the boot partition, and nobody reads it anywhere else. It stays when that file
// is removed, which comes back.
func TestHostCode(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	image := ImageForTest(t)
	code := func(card *Card) string {
		m := start(t, card, Options{})
		await(t, m, "")
		m.Cut()
		file, err := card.Get(t.Context(), settings.HostCodeName)
		if err != nil {
			t.Fatal(err)
		}
		code := settings.HostCodeIn(file)
		if hostcode.Check(code) != nil || len(file) != settings.HostCodeBytes {
			t.Fatalf("%s has %d bytes: %s", settings.HostCodeName, len(file), file)
		}
		return code
	}
	card := newCard(t, image, 0)
	first := code(card)
	if other := code(newCard(t, image, 0)); other == first {
		t.Error("two cards from one image have the same code")
	}
	if err := card.Delete(t.Context(), settings.HostCodeName); err != nil {
		t.Fatal(err)
	}
	m := start(t, card, Options{})
	await(t, m, "")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for try, want := range map[string]int{first: http.StatusSeeOther, hostcode.New(): http.StatusForbidden} {
		resp, err := client.PostForm(m.URL()+"host", url.Values{"code": {try}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("with a code the host's page answers %s, want %d", resp.Status, want)
		}
	}
	for _, page := range []string{"", "host", "status", "metrics", "wall", "readyz", "healthz"} {
		resp, err := client.Get(m.URL() + page)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || strings.Contains(string(body), first) {
			t.Errorf("/%s has the code in it (%v)", page, err)
		}
	}
	m.Cut()
	if strings.Contains(m.Console(), first) {
		t.Error("the console has the code in it")
	}
	if again := code(card); again != first {
		t.Errorf("the code was %q and is %q", first, again)
	}
}
