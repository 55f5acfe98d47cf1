package browser

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// RoomName is the host name under which pages open the room. It leads to
// 127.0.0.1, but browsers know localhost and 127.0.0.1 as safe places and give
// their pages more than a page in plain http gets on the real hotspot.
const RoomName = "rabbit"

// StrangerName is another host's name, of pages that want something of the
// room. It leads to 127.0.0.1, too.
const StrangerName = "stranger.example"

// Browser is one Chromium. Each Phone on it has cookies and storage of its own.
type Browser struct {
	ctx    context.Context
	cancel context.CancelFunc
}

// StartBrowser starts Chromium, without a window. It dies with this process.
func StartBrowser() (*Browser, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, errors.New("there is no chromium on this machine: `make test` installs it")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Flag("headless", "new"),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-features", "Translate,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable"),
		chromedp.Flag("lang", "en-GB"),
		// Nothing in these tests needs the internet, and nothing gets there.
		chromedp.Flag("host-resolver-rules", "MAP "+RoomName+" 127.0.0.1, MAP "+StrangerName+" 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	root, stopRoot := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, stopBrowser := chromedp.NewContext(root)
	b := &Browser{ctx: ctx, cancel: func() { stopBrowser(); stopRoot() }}
	if err := chromedp.Do(ctx); err != nil {
		b.cancel()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

// Stop ends Chromium and waits until all its processes and files are gone.
func (b *Browser) Stop() { b.cancel() }
