package browser

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// troubles are what goes wrong in a page without a guest seeing it.
type troubles struct {
	mu      sync.Mutex
	host    string // the only one that may be asked for anything
	excuses []string
	found   []string
}

// watch listens to what the browser says about the page.
func (p *Phone) watch() error {
	t := p.troubles
	return chromedp.Listen(p.ctx, func(event any) {
		switch e := event.(type) {
		case *page.EventJavascriptDialogOpening:
			t.add("a dialog opened: " + e.Message)
			go chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
		case *runtime.EventExceptionThrown:
			text := e.ExceptionDetails.Text
			if e.ExceptionDetails.Exception != nil {
				text += " " + e.ExceptionDetails.Exception.Description
			}
			t.add(text)
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
				t.add(fmt.Sprintf("console: %s", e.Args[0].Value))
			}
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
				t.add(e.Entry.Text + " " + e.Entry.URL)
			}
		case *network.EventRequestWillBeSent:
			t.asked(e.Request.URL)
		case *network.EventWebSocketCreated:
			t.asked(e.URL)
		}
	})
}

func (t *troubles) add(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.found = append(t.found, text)
}

// excuse lets troubles pass that begin so.
func (t *troubles) excuse(beginning string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.excuses = append(t.excuses, beginning)
}

// home sets the host that may be asked.
func (t *troubles) home(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u, err := url.Parse(address); err == nil {
		t.host = u.Host
	}
}

// asked notes what the page asks for.
func (t *troubles) asked(address string) {
	u, err := url.Parse(address)
	if err == nil && slices.Contains([]string{"data", "blob", "about"}, u.Scheme) {
		return
	}
	t.mu.Lock()
	home := t.host
	t.mu.Unlock()
	if err != nil || u.Host != home {
		t.add("a request to somewhere else: " + address)
	}
}

// check makes the test fail for what has no excuse.
func (t *troubles) check(tb testing.TB, guest string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, text := range t.found {
		if !slices.ContainsFunc(t.excuses, func(e string) bool { return strings.HasPrefix(text, e) }) {
			tb.Errorf("in the page of %s: %s", guest, text)
		}
	}
}
