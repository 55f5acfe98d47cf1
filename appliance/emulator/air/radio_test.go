package air

import (
	"fmt"
	"strings"
	"time"

	"warren/appliance/emulator/air/ask"
)

// noticeTime is how long the card may take to know that its radio is gone or off:
// 5 s by appliance/hotspot/radio, and some on a busy machine.
const noticeTime = 20 * time.Second

// radioLost takes the card's radio away below hostapd, in ways that hostapd does
// not notice or cannot help. The card must find out, have the driver begin anew,
// and take phones in again.
//
// The driver is that of the simulated radios: the phones' go with it, and other
// phones come. What it cannot be is silent, as a firmware that has halted; that is
// TestJudge's, in appliance/hotspot/radio.
func (w *world) radioLost() {
	for _, lost := range []struct{ how, method, why string }{
		{"deleted", "DeleteRadio", "does not answer any more"},
		{"switched off for good", "BlockRadio", "times in a row"},
	} {
		w.must("Stop", "hotspot", nil)
		w.daemon("hotspot", "-log-level=debug", fmt.Sprintf("-module=%s radios=2", ask.RadioModule))
		w.awaitState(func(s state) bool { return s.State == "up" && s.Reloads == 0 })
		w.must(lost.method, "wlan0", nil)
		begun := time.Now()
		w.awaitLong(noticeTime, func(s state) bool { return s.State == "failed" })
		w.note("the radio was %s; the card knows after %.1f s", lost.how, time.Since(begun).Seconds())
		s := w.awaitLong(patience, func(s state) bool { return s.State == "up" && s.Reloads == 1 })
		if !strings.Contains(s.Reload, lost.why) || !strings.Contains(s.Reload, "unloaded and loaded again") || s.ReloadedAt == 0 {
			w.Errorf("when the radio was %s, this was done: %+v", lost.how, s)
		}
		w.note("the Wi-Fi is there again %.1f s after its radio was %s", time.Since(begun).Seconds(), lost.how)
		p := w.phone(1)
		p.comeIn("carrotcarrot")
	}
}
