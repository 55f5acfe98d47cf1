package status

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// HotspotFile is what the hotspot tells; it also has numbers, for the metrics.
const HotspotFile = "hotspot.state"

// tellHotspot tells how the Wi-Fi is, or the port that guests come in by instead.
func tellHotspot(js []byte, s *Section) error {
	var f struct {
		State, Why, Name, Interface string
		Stations, Max               int
		Full                        bool
		Leases                      int
		LeasesMax                   int   `json:"leases_max"`
		LeaseFreeAt                 int64 `json:"lease_free_at"`
		Reload                      string
		ReloadedAt                  int64 `json:"reloaded_at"`
		Reloads                     int
	}
	if err := json.Unmarshal(js, &f); err != nil {
		return err
	}
	what := "The Wi-Fi"
	if f.Name != "" {
		what += " \u201c" + f.Name + "\u201d"
	}
	if f.Interface != "" && !strings.HasPrefix(f.Interface, "wl") {
		what = "The port " + f.Interface
	}
	switch f.State {
	case "starting":
		s.Text = []string{what + " is starting."}
	case "up":
		s.Text = []string{fmt.Sprintf("%s is up. Phones on it: %d.", what, f.Stations)}
	case "failed":
		s.Wrong = true
		s.Text = []string{what + " has failed, and is tried again: " + stopped(f.Why)}
	default:
		return fmt.Errorf("there is no state %.40q", f.State)
	}
	if f.Full {
		s.Text = append(s.Text, fmt.Sprintf("It is full: its radio takes no more than %d.", f.Max))
	}
	if f.Why != "" && f.State != "failed" {
		s.Text = append(s.Text, "Note: "+stopped(f.Why))
	}
	switch {
	case f.LeasesMax > 0 && f.Leases >= f.LeasesMax:
		s.Wrong = true
		s.Text = append(s.Text, fmt.Sprintf("All %d addresses are lent, and phones that come now get none; the next is free again %s. "+
			"Switching the box off and on takes back those of phones that have left.", f.LeasesMax, inMinutes(f.LeaseFreeAt)))
	case f.Leases > 0:
		s.Text = append(s.Text, fmt.Sprintf("Addresses lent: %d of %d.", f.Leases, f.LeasesMax))
	}
	if f.Reloads > 0 {
		s.Text = append(s.Text, fmt.Sprintf("Its radio had to begin anew, %s %s: %s", times(f.Reloads), minutesAgo(f.ReloadedAt), stopped(f.Reload)))
	}
	return nil
}

// times says how often something was done, and leads on to when it was.
func times(n int) string {
	if n == 1 {
		return "once,"
	}
	return fmt.Sprintf("%d times, the last time", n)
}

// minutesAgo and inMinutes say when something was or will be, in seconds since
// 1970 by the clock of the machine. That may be wrong, and nobody knows in which
// zone the box is: so it is only good for how long ago something was.
func minutesAgo(at int64) string {
	switch m := int(time.Since(time.Unix(at, 0)).Minutes()); {
	case m < 1:
		return "just now"
	case m == 1:
		return "a minute ago"
	default:
		return fmt.Sprintf("%d minutes ago", m)
	}
}

func inMinutes(at int64) string {
	if m := int(math.Ceil(time.Until(time.Unix(at, 0)).Minutes())); m > 1 {
		return fmt.Sprintf("in %d minutes", m)
	}
	return "in a minute"
}
