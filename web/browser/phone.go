package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Device is what a guest holds in the hand or has on the lap.
type Device struct {
	Width, Height int64
	Scale         float64
	Touch         bool
}

// The two kinds of devices.
var (
	Small = Device{Width: 360, Height: 740, Scale: 2, Touch: true}
	Large = Device{Width: 1280, Height: 800, Scale: 1}
)

// Phone is a guest at a page of his own. What goes wrong in it, even if nobody
// asks, makes the test fail when it is over: an error in the console, a break
// of the content security policy, a dialog, a request to another host.
type Phone struct {
	Guest  string // for people who read a failed test, and for pictures
	Device Device

	t        testing.TB
	ctx      context.Context
	troubles *troubles
}

// Phone makes a phone with an empty page. It is put away with the test; if that
// failed, a picture shows its last state.
func (b *Browser) Phone(t testing.TB, guest string, d Device) *Phone {
	t.Helper()
	return newPhone(t, b.ctx, guest, d, chromedp.WithNewBrowserContext())
}

// Tab opens another page on the same phone, beside the first.
func (p *Phone) Tab() *Phone {
	p.t.Helper()
	return newPhone(p.t, p.ctx, p.Guest+"-2", p.Device, chromedp.WithNewWindow(true))
}

func newPhone(t testing.TB, parent context.Context, guest string, d Device, opts ...chromedp.ContextOption) *Phone {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, opts...)
	p := &Phone{Guest: guest, Device: d, t: t, ctx: ctx, troubles: &troubles{}}
	t.Cleanup(func() {
		if t.Failed() {
			p.Shot("failed-" + strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + "-" + guest)
		}
		cancel()
		p.troubles.check(t, guest)
	})
	p.must(p.watch())
	tell(p, network.Enable, network.EnableParams{})
	p.pretendFocus(true)
	p.Resize(d)
	return p
}

// pretendFocus lets the page believe that it is the one in front: there are
// several, and each is in somebody's hands.
func (p *Phone) pretendFocus(focus bool) {
	p.t.Helper()
	tell(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: focus})
}

// Resize makes it a device of another size.
func (p *Phone) Resize(d Device) {
	p.t.Helper()
	p.Device = d
	tell(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: d.Width, Height: d.Height, DeviceScaleFactor: d.Scale, Mobile: d.Touch,
	})
	touch := emulation.SetTouchEmulationEnabledParams{Enabled: d.Touch}
	if d.Touch {
		touch.MaxTouchPoints = 5
	}
	tell(p, emulation.SetTouchEmulationEnabled, touch)
}

// Prefer makes the guest's system ask for something, such as
// prefers-color-scheme: dark.
func (p *Phone) Prefer(feature, value string) {
	p.t.Helper()
	tell(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: feature, Value: value}},
	})
}

// Before runs a script in each page before the page's own.
func (p *Phone) Before(script string) {
	p.t.Helper()
	tell(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// Goto opens an address.
func (p *Phone) Goto(url string) {
	p.t.Helper()
	p.troubles.home(url)
	p.must(chromedp.Do(p.brief(), chromedp.Navigate(url)))
}

// Reload loads the page again.
func (p *Phone) Reload() {
	p.t.Helper()
	p.must(chromedp.Do(p.brief(), chromedp.Reload()))
}

// Back goes back to the page before. The browser may have kept that as it was,
// without its connections.
func (p *Phone) Back() {
	p.t.Helper()
	p.Excuse("WebSocket connection to ")
	h := tell(p, page.GetNavigationHistory, cdp.Empty{})
	tell(p, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: h.Entries[h.CurrentIndex-1].ID})
	p.Until("the page before", "location.href === "+quote(h.Entries[h.CurrentIndex-1].URL))
}

// Offline makes the browser say that it has no network, or that it has one
// again. It does not touch a WebSocket that is open: a Link does.
func (p *Phone) Offline(offline bool) {
	p.t.Helper()
	tell(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: offline, DownloadThroughput: -1, UploadThroughput: -1,
	})
}

// Excuse lets a test have errors in the console that it provokes.
func (p *Phone) Excuse(beginning string) { p.troubles.excuse(beginning) }

// Until waits until a JavaScript expression is true. What is for people.
func (p *Phone) Until(what, expression string) {
	p.t.Helper()
	p.UntilWithin(Patience, what, expression)
}

// UntilWithin is Until with another patience.
func (p *Phone) UntilWithin(patience time.Duration, what, expression string) {
	p.t.Helper()
	Eventually(p.t, patience, func() bool { return See[bool](p, "Boolean("+expression+")") }, func() string {
		return fmt.Sprintf("%s waits in vain for: %s\n%s", p.Guest, what, p.Screen())
	})
}

// See returns the value of a JavaScript expression, which may be a promise.
func See[T any](p *Phone, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.brief(), chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v\nin: %s", p.Guest, err, expression)
	}
	return v
}

// Screen is what can be read on the page, for people who read a failed test.
func (p *Phone) Screen() string {
	text, err := chromedp.Run(p.brief(), chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return fmt.Sprintf("(%s's page says nothing: %v)", p.Guest, err)
	}
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	if len(lines) > 40 {
		lines = slices.Concat(lines[:10], []string{"[…]"}, lines[len(lines)-30:])
	}
	for i, line := range lines {
		lines[i] = fmt.Sprintf("│ %.100s", line)
	}
	return "on the screen of " + p.Guest + ":\n" + strings.Join(lines, "\n")
}

// Shot keeps a picture of the page as artefacts/name.png.
func (p *Phone) Shot(name string) {
	p.t.Helper()
	picture, err := chromedp.Run(p.brief(), chromedp.CaptureScreenshot())
	if err == nil {
		err = os.MkdirAll(Artefacts, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(Artefacts, name+".png"), picture, 0o644)
	}
	if err != nil {
		p.t.Errorf("no picture of %s: %v", p.Guest, err)
	}
}

// Artefacts is the folder of the pictures, seen from this package's own.
var Artefacts = filepath.Join("..", "..", "artefacts")

// brief is the phone's context for something that takes a moment: a page that
// hangs must not hang the test.
func (p *Phone) brief() context.Context {
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	context.AfterFunc(ctx, cancel)
	return ctx
}

// tell sends a command to the browser.
func tell[P, R any](p *Phone, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.brief(), command, params)
	p.must(err)
	return r
}

func (p *Phone) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v", p.Guest, err)
	}
}
