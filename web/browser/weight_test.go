package browser

import (
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"testing"

	"warren/web"
)

// maxWeight is what the page may weigh in all. Compressed that is some 38 kB: a
// phone far from the antenna, at 1 Mbit/s, has it in a third of a second, and
// fifty that come at once and share 10 Mbit/s have it in two.
const maxWeight = 90_000

// instead are the files of other pages: those for a browser without modules or
// without JavaScript, the one that says how the box is, and the poster.
var instead = []string{"basic.html", "basic.css", "nomodule.js", "status.html", "poster.html", "poster.css"}

// TestWeight weighs the page.
func TestWeight(t *testing.T) {
	total := 0
	err := fs.WalkDir(web.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(web.Files, name)
		if !slices.Contains(instead, name) {
			total += len(data)
		}
		// An address of another host has no place in the page, except in the
		// name of the language of pictures.
		for _, address := range regexp.MustCompile(`(https?:)?//[a-z0-9-]+(\.[a-z0-9-]+)+`).FindAllString(string(data), -1) {
			if address != "http://www.w3.org" {
				t.Errorf("%s mentions another host: %s", name, address)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the page weighs %d bytes, uncompressed", total)
	if total > maxWeight {
		t.Errorf("the page weighs %d bytes: at most %d were wanted", total, maxWeight)
	}
}

// TestFirstLoad loads the page for the first time, and counts what that takes.
func TestFirstLoad(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada := shared.br.Phone(t, "Ada", Small)
	ada.Goto(room.url) // a request to another host makes this fail at the end
	ada.waitIn()
	files := See[[]struct {
		Name string
		Size int
	}](ada, `performance.getEntriesByType('resource').map((e) => ({Name: new URL(e.name).pathname, Size: e.decodedBodySize}))`)
	total := 0
	for _, f := range files {
		total += f.Size
		if _, err := fs.Stat(web.Files, path.Base(f.Name)); err != nil {
			t.Errorf("the page loads %s, which is not a file of the page", f.Name)
		}
	}
	wire := See[int](ada, `performance.getEntries().reduce((sum, e) => sum + (e.encodedBodySize || 0), 0)`)
	t.Logf("the first load takes %d files and the page, %d bytes on the wire", len(files), wire)
	if wire > maxWeight/2 {
		t.Errorf("the first load takes %d bytes on the wire: the files are not compressed", wire)
	}
	resp, err := http.Get("http://" + room.chatd.Addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if csp := resp.Header.Get("Content-Security-Policy"); !regexp.MustCompile(`^default-src 'none'; script-src 'self';`).MatchString(csp) {
		t.Errorf("the page's content security policy is %q", csp)
	}
}
