package browser

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// axe is axe-core, which knows the rules for pages that everybody can use
// (WCAG 2) and checks those that a program can check.
var axe = sync.OnceValues(func() (string, error) {
	b, err := os.ReadFile(filepath.Join("..", "..", "build", "axe.min.js"))
	return string(b), err
})

// violation is what axe found against one rule.
type violation struct {
	ID, Impact, Help string
	Nodes            []string
}

// Accessible looks at the page as it stands with axe-core, and complains about
// what would keep a guest out: what axe calls serious or critical. The lesser
// things are in the test's log.
func (p *Phone) Accessible(where string) {
	p.t.Helper()
	source, err := axe()
	if err != nil {
		p.t.Fatalf("there is no axe-core: `make deps-test` fetches it (%v)", err)
	}
	if !See[bool](p, `'axe' in window`) {
		// By way of the debugger: the page's security policy is not asked.
		See[bool](p, source+"\n;true")
	}
	for _, v := range See[[]violation](p, `axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations.map((v) => ({
		ID: v.id, Impact: v.impact, Help: v.help,
		Nodes: v.nodes.slice(0, 5).map((n) => n.target.join(' ') + ': ' + n.any.concat(n.all, n.none).map((c) => c.message).join(', ')),
	})))`) {
		report := p.t.Logf
		if v.Impact == "serious" || v.Impact == "critical" {
			report = p.t.Errorf
		}
		report("%s, %s: %s: %s (%s)\n\t%s", p.Guest, where, v.Impact, v.Help, v.ID, strings.Join(v.Nodes, "\n\t"))
	}
}
