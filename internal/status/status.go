// Package status says how a card is, in sentences: as its daemons tell it, each
// in a small JSON file of its own in one folder, written whole or not at all.
// Nothing in these files is secret.
package status

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"warren/chatd/uptime"
)

// Section is what there is to say about one thing.
type Section struct {
	Title string
	Wrong bool     // the host should do something
	Text  []string // sentences, in English
	List  []string // what the last sentence is about
}

// sources are the files, in the order in which the page shows them. Whoever has
// something else to tell adds a line and a function. A daemon that is named here
// is on every card, and writes its file as soon as it is started: see silent.
var sources = []struct {
	file, title string
	tell        func(js []byte, s *Section) error
	daemon      string // that writes it
}{
	{"mistakes.json", "Settings", tellMistakes, "The program that reads the settings"},
	{HotspotFile, "Wi-Fi", tellHotspot, "The program that makes the Wi-Fi"},
	{"broker.state", "RabbitMQ", tellBroker, "RabbitMQ"},
	{BoardFile, "Board", tellBoard, "The program that looks at the board"},
	{BoardFile, "Card", tellCard, ""},
	{"ledstatus.state", "LED", tellLED, "The program of the LED"},
	{"screen.state", "Display", tellScreen, "The program of the display"},
	{"update.state", "Updates", tellUpdate, "The program that takes updates"},
}

// HotspotFile also has numbers, for the metrics.
const HotspotFile = "hotspot.state"

// maxFile bounds a file: twenty mistakes are some 4 kB.
const maxFile = 64 << 10

// Read returns what the files in dir tell, in order, as At does at this moment.
func Read(dir string) []Section {
	return At(dir, time.Duration(uptime.Now().UpMS)*time.Millisecond)
}

// At returns what the files in dir tell, in order, when the machine has been up
// for some time. One that cannot be read is a section that says so. One that is
// missing says nothing, until its daemon has had time to say something. An empty
// dir means that there are no such daemons. It may be called concurrently.
func At(dir string, up time.Duration) []Section {
	if dir == "" {
		return nil
	}
	var all []Section
	for _, source := range sources {
		s := Section{Title: source.title}
		js, err := ReadFile(dir, source.file)
		if errors.Is(err, fs.ErrNotExist) {
			if source.daemon != "" && up >= silentAfter {
				all = append(all, silent(s, source.daemon))
			}
			continue
		}
		if err == nil {
			err = source.tell(js, &s)
		}
		if err != nil {
			s = Section{Title: source.title, Text: []string{"This cannot be told: " + source.file + " cannot be read."}}
		}
		if len(s.Text) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// silentAfter is how long after the machine has started a daemon must have said
// how it is. All are started within ten seconds, and say first that they start; a
// card that is busy takes a few times that.
const silentAfter = time.Minute

// silent tells of a daemon that has said nothing: it ends before it can, again and
// again, or waits for something that does not come.
func silent(s Section, daemon string) Section {
	s.Wrong = true
	s.Text = []string{daemon + " has said nothing since the box was switched on.", "Pull the plug, and put it back in. If that does not help, flash the card anew."}
	return s
}

// Well reports that there is nothing the host should do.
func Well(all []Section) bool {
	return !slices.ContainsFunc(all, func(s Section) bool { return s.Wrong })
}

// ReadFile returns one of the files in dir, or the beginning of one that is far
// too long.
func ReadFile(dir, name string) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// tellMistakes tells what setup found in warren.toml.
func tellMistakes(js []byte, s *Section) error {
	var f struct{ Mistakes, Notes []string }
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
	s.Text = append(slices.Clone(f.Notes), s.Text...) // the list belongs to the last one
	return nil
}

// tellHotspot tells how the Wi-Fi is, or the port that guests come in by instead.
func tellHotspot(js []byte, s *Section) error {
	var f struct {
		State, Why, Name, Interface string
		Stations, Max               int
		Full                        bool
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
	return nil
}

// tellLED tells whether there is the light of the settings. Without it the room is
// as good, so that there is nothing that the host must do.
func tellLED(js []byte, s *Section) error {
	var f struct{ State, Why string }
	if err := json.Unmarshal(js, &f); err != nil {
		return err
	}
	switch {
	case f.Why != "":
		s.Text = []string{stopped(f.Why)}
	case f.State == "off":
		s.Text = []string{"The settings say that no LED is used."}
	case f.State == "starting":
		s.Text = []string{"The LED is not there yet."}
	case f.State == "up":
		s.Text = []string{"The LED shows how the box is."}
	default:
		return fmt.Errorf("there is no state %.40q", f.State)
	}
	return nil
}

// tellUpdate tells what became of the last update.
func tellUpdate(js []byte, s *Section) error {
	var f struct {
		State     string
		Why       string
		Receiving bool
		Last      *struct{ State, Version, Why string }
	}
	if err := json.Unmarshal(js, &f); err != nil {
		return err
	}
	if f.State == "failed" {
		s.Text = []string{"This card takes no updates: " + stopped(f.Why)}
		return nil
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
func tellBroker(js []byte, s *Section) error {
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
