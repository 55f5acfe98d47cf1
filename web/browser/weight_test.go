package browser

import (
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"

	"warren/web"
)

// maxWeight is what the page may weigh, as it is served. Compressed that is some
// 40 kB: a phone far from the antenna, at 1 Mbit/s, has it in a third of a second, and
// fifty that come at once and share 10 Mbit/s have it in two.
const maxWeight = 95_000

// TestNoOtherHost looks for addresses of other hosts in all pages: they have no place
// there, except in the name of the language of pictures.
func TestNoOtherHost(t *testing.T) {
	err := fs.WalkDir(web.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(web.Files, name)
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
}

// TestFirstLoad loads the page for the first time, and weighs what that takes.
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
	total := See[int](ada, `performance.getEntriesByType('navigation')[0].decodedBodySize`)
	english := 0
	for _, f := range files {
		total += f.Size
		if f.Name == "/strings.js" {
			english = f.Size
		}
		name := strings.Replace(path.Base(f.Name), "strings.js", "strings/en.js", 1)
		if _, err := fs.Stat(web.Files, name); err != nil {
			t.Errorf("the page loads %s, which is not a file of the page", f.Name)
		}
	}
	wire := See[int](ada, `performance.getEntries().reduce((sum, e) => sum + (e.encodedBodySize || 0), 0)`)
	t.Logf("the first load takes %d files and the page, %d bytes on the wire", len(files), wire)
	total += longestWords(t, room) - english
	t.Logf("in the language of the longest words it weighs %d bytes, uncompressed", total)
	if total > maxWeight {
		t.Errorf("the page weighs %d bytes: at most %d were wanted", total, maxWeight)
	}
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

// longestWords is what the page's words weigh, in the language where that is most.
func longestWords(t *testing.T, room *room) (longest int) {
	t.Helper()
	files, err := fs.Glob(web.Files, "strings/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		req, err := http.NewRequest("GET", "http://"+room.chatd.Addr+"/strings.js", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Language", strings.TrimSuffix(path.Base(file), ".js"))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, int(n))
	}
	return longest
}
