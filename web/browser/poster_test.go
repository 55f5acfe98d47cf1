package browser

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// papers are the sheets of the world, in inches.
var papers = map[string][2]float64{"a4": {8.27, 11.69}, "letter": {8.5, 11}}

// print prints the page on paper, keeps that as artefacts/name.pdf, and returns
// how many sheets it takes.
func (p *Phone) print(name string, paper [2]float64) string {
	p.t.Helper()
	pdf := tell(p, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: paper[0], PaperHeight: paper[1]}).Data
	p.must(os.MkdirAll(Artefacts, 0o755))
	p.must(os.WriteFile(filepath.Join(Artefacts, name+".pdf"), pdf, 0o644))
	// ISO 32000-1, 7.7.3: the root of the pages counts them.
	count := regexp.MustCompile(`/Count (\d+)`).FindSubmatch(pdf)
	if count == nil {
		p.t.Fatalf("%s.pdf does not count its pages", name)
	}
	return string(count[1])
}

// TestPoster prints the poster: one sheet, of either kind, whatever the names.
func TestPoster(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"poster":        {"-wifi-name=rabbit", "-wifi-passphrase=carrotcarrot", "-chat-url=http://10.1.1.1:8081/"},
		"poster-open":   {"-wifi-name=rabbit", "-chat-url=http://10.1.1.1:8081/"},
		"poster-laptop": {"-chat-url=http://192.168.178.123:8081/"},
		"poster-long":   {"-wifi-name=" + strings.Repeat("W", 32), "-wifi-passphrase=" + strings.Repeat("M", 63), "-chat-url=http://10.1.1.1:8081/"},
	} {
		room := inProcess(t, flags...)
		host := shared.br.Phone(t, "host", Large)
		host.Goto(room.url + "poster")
		host.Until("the poster", `document.readyState === 'complete' && document.querySelector('section svg')`)
		host.fits()
		host.Shot(name)
		for paper, size := range papers {
			if sheets := host.print(name+"-"+paper, size); sheets != "1" {
				t.Errorf("%s takes %s sheets of %s", name, sheets, paper)
			}
		}
		host.Prefer("prefers-color-scheme", "dark")
		host.canBeRead("dark")
		host.Resize(Small)
		host.fits()
		host.canBeRead("on a phone")
	}
}
