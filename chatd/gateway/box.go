package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// box is the card that the room runs on, as its other daemons tell of it: each
// in a small JSON file of its own in one folder, written whole or not at all.
// Nothing in these files is secret. A file that is missing says nothing; an
// empty folder name means that there are no such daemons.
type box struct{ dir string }

// section is a part of the status page.
type section struct {
	Title string
	Wrong bool     // the host should do something
	Text  []string // sentences
	List  []string // what the last sentence is about
}

// sources are the files, in the order in which the page shows them. Whoever has
// something else to tell adds a line and a function.
var sources = []struct {
	file, title string
	tell        func(js []byte, s *section) error
}{
	{"mistakes.json", "Settings", tellMistakes},
	{hotspotFile, "Wi-Fi", tellHotspot},
	{"broker.state", "RabbitMQ", tellBroker},
	{"update.state", "Updates", tellUpdate},
}

const hotspotFile = "hotspot.state"

// maxSource bounds a file: twenty mistakes are some 4 kB.
const maxSource = 64 << 10

// sections returns what there is to tell.
func (b box) sections() []section {
	if b.dir == "" {
		return nil
	}
	var all []section
	for _, source := range sources {
		s := section{Title: source.title}
		js, err := readSource(filepath.Join(b.dir, source.file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = source.tell(js, &s)
		}
		if err != nil {
			s = section{Title: source.title, Text: []string{"This cannot be told: " + source.file + " cannot be read."}}
		}
		all = append(all, s)
	}
	return all
}

// well reports that there is nothing the host should do.
func (b box) well() bool {
	return !slices.ContainsFunc(b.sections(), func(s section) bool { return s.Wrong })
}

func readSource(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSource))
}

// tellMistakes tells what setup found in warren.toml.
func tellMistakes(js []byte, s *section) error {
	var f struct{ Mistakes []string }
	if err := json.Unmarshal(js, &f); err != nil {
		return err
	}
	s.List = f.Mistakes
	s.Wrong = len(f.Mistakes) > 0
	switch len(f.Mistakes) {
	case 0:
		s.Text = []string{"warren.toml has no mistakes."}
	case 1:
		s.Text = []string{"There is a mistake in warren.toml. The last good value stays until it is put right:"}
	default:
		s.Text = []string{fmt.Sprintf("There are %d mistakes in warren.toml. The last good values stay until they are put right:", len(f.Mistakes))}
	}
	return nil
}

// tellHotspot tells how the Wi-Fi is, or the port that guests come in by instead.
func tellHotspot(js []byte, s *section) error {
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
	what := "The Wi-Fi \u201c" + f.Name + "\u201d"
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

// tellUpdate tells what became of the last update.
func tellUpdate(js []byte, s *section) error {
	var f struct {
		Receiving bool
		Last      *struct{ State, Version, Why string }
	}
	if err := json.Unmarshal(js, &f); err != nil {
		return err
	}
	if f.Receiving {
		s.Text = append(s.Text, "An update is coming in.")
	}
	switch {
	case f.Last == nil:
		s.Text = append(s.Text, "There has been no update.")
	case f.Last.State == "sent":
		s.Text = append(s.Text, "An update is here, and will be tried.")
	case f.Last.State == "trying":
		s.Text = append(s.Text, "An update is being tried. If it does not work, the old system comes back.")
	case f.Last.State == "kept":
		s.Text = append(s.Text, "The last update is in use.")
	case f.Last.State == "back":
		s.Text = append(s.Text, "The last update did not work, and the old system is back: "+stopped(f.Last.Why))
	default:
		return fmt.Errorf("there is no state %.40q", f.Last.State)
	}
	return nil
}

// stopped ends a sentence of another daemon.
func stopped(why string) string { return strings.TrimSuffix(why, ".") + "." }

// tellBroker tells how the RabbitMQ on the card is.
func tellBroker(js []byte, s *section) error {
	var f struct {
		State, Why, Note string
		SetAside         string `json:"set_aside"`
	}
	if err := json.Unmarshal(js, &f); err != nil {
		return err
	}
	switch f.State {
	case "starting":
		s.Text = []string{"RabbitMQ is starting. That takes a minute or so."}
	case "up":
		s.Text = []string{"RabbitMQ is up."}
	case "failed":
		s.Wrong = true
		s.Text = []string{"RabbitMQ has failed, and is tried again: " + stopped(f.Why)}
	case "elsewhere":
		s.Text = []string{"The settings name another RabbitMQ. The one on this card is off."}
	default:
		return fmt.Errorf("there is no state %.40q", f.State)
	}
	if f.SetAside != "" {
		s.Text = append(s.Text, f.SetAside)
	}
	if f.Note != "" {
		s.Text = append(s.Text, f.Note)
	}
	return nil
}
