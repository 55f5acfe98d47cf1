package status

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// tell writes a file as a daemon does.
func tell(t testing.TB, dir, name, js string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".new", []byte(js), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestRead(t *testing.T) {
	const settings, wifi, rabbit, updates, led, portal = "mistakes.json", HotspotFile, "broker.state", "update.state", "ledstatus.state", "portal.state"
	for name, test := range map[string]struct {
		file, js string
		want     Section
	}{
		"no mistakes":   {settings, `{"mistakes":[]}`, Section{Text: []string{"warren.toml has no mistakes."}, List: []string{}}},
		"a mistake":     {settings, `{"mistakes":["line 1"]}`, Section{Wrong: true, Text: []string{"There is a mistake in warren.toml. The last good value stays until it is put right:"}, List: []string{"line 1"}}},
		"mistakes":      {settings, `{"mistakes":["a","<b>"]}`, Section{Wrong: true, Text: []string{"There are 2 mistakes in warren.toml. The last good values stay until they are put right:"}, List: []string{"a", "<b>"}}},
		"half":          {rabbit, `{"sta`, Section{Text: []string{"This cannot be told: broker.state cannot be read."}}},
		"a list":        {settings, `[]`, Section{Text: []string{"This cannot be told: mistakes.json cannot be read."}}},
		"unknown":       {rabbit, `{"state":"dreaming"}`, Section{Text: []string{"This cannot be told: broker.state cannot be read."}}},
		"broker up":     {rabbit, `{"state":"up","starts":1}`, Section{Text: []string{"RabbitMQ is up."}}},
		"broker dead":   {rabbit, `{"state":"failed","why":"RabbitMQ does not answer","starts":3,"set_aside":"It has begun anew."}`, Section{Wrong: true, Text: []string{"RabbitMQ has failed, and is tried again: RabbitMQ does not answer.", "It has begun anew."}}},
		"broker starts": {rabbit, `{"state":"starting","note":"The log keeps less."}`, Section{Text: []string{"RabbitMQ is starting. That takes a minute or so.", "The log keeps less."}}},
		"elsewhere":     {rabbit, `{"state":"elsewhere"}`, Section{Text: []string{"The settings name another RabbitMQ. The one on this card is off."}}},
		"wifi starts":   {wifi, `{"state":"starting","name":"rabbit"}`, Section{Text: []string{"The Wi-Fi “rabbit” is starting."}}},
		"full":          {wifi, `{"state":"up","name":"rabbit","interface":"wlan0","stations":8,"max":8,"full":true,"joins":12}`, Section{Text: []string{"The Wi-Fi “rabbit” is up. Phones on it: 8.", "It is full: its radio takes no more than 8."}}},
		"no wifi":       {wifi, `{"state":"failed","why":"there is no radio wlan0.","name":"rabbit"}`, Section{Wrong: true, Text: []string{"The Wi-Fi “rabbit” has failed, and is tried again: there is no radio wlan0."}}},
		"a port":        {wifi, `{"state":"up","why":"nothing is known of the country","name":"rabbit","interface":"eth0","stations":1}`, Section{Text: []string{"The port eth0 is up. Phones on it: 1.", "Note: nothing is known of the country."}}},
		"no update":     {updates, `{"version":"1"}`, Section{Text: []string{"There has been no update."}}},
		"broken update": {updates, `{"state":"failed","why":"/ is on no card"}`, Section{Text: []string{"This card takes no updates: / is on no card."}}},
		"an LED":        {led, `{"state":"up"}`, Section{Text: []string{"The LED shows how the box is."}}},
		"no LED":        {led, `{"state":"starting","why":"There is no LED x here: this board has ACT, PWR"}`, Section{Text: []string{"There is no LED x here: this board has ACT, PWR."}}},
		"LED off":       {led, `{"state":"off"}`, Section{Text: []string{"The settings say that no LED is used."}}},
		"late LED":      {led, `{"state":"starting"}`, Section{Text: []string{"The LED is not there yet."}}},
		"in memory":     {rabbit, `{"state":"up","in_memory":"The card cannot be written."}`, Section{Wrong: true, Unkept: true, Text: []string{"RabbitMQ is up.", "The card cannot be written."}}},
		"no portal":     {portal, `{"state":"failed","why":"the port is taken"}`, Section{Wrong: true, Text: []string{"The page on port 80 has failed, and is tried again: the port is taken."}}},
		"no name yet":   {wifi, `{"state":"failed","why":"no folder"}`, Section{Wrong: true, Text: []string{"The Wi-Fi has failed, and is tried again: no folder."}}},
		"receiving":     {updates, `{"receiving":true,"last":{"state":"kept"}}`, Section{Text: []string{"An update is coming in.", "The last update is in use."}}},
		"sent":          {updates, `{"last":{"state":"sent"}}`, Section{Text: []string{"An update is here, and will be tried."}}},
		"trying":        {updates, `{"last":{"state":"trying"}}`, Section{Text: []string{"An update is being tried. If it does not work, the old system comes back."}}},
		"back":          {updates, `{"last":{"state":"back","root":"B","why":"it did not report healthy in 5 min"}}`, Section{Text: []string{"The last update did not work, and the old system is back: it did not report healthy in 5 min."}}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tell(t, dir, test.file, test.js)
			test.want.Title = map[string]string{settings: "Settings", wifi: "Wi-Fi", rabbit: "RabbitMQ", updates: "Updates", led: "LED", portal: "Welcome page"}[test.file]
			all := At(dir, 0)
			if len(all) != 1 || !reflect.DeepEqual(all[0], test.want) {
				t.Errorf("it says %+v", all)
			}
			if Well(all) == test.want.Wrong {
				t.Errorf("well: %v", Well(all))
			}
		})
	}
}

// A daemon that is well and has no more to tell than that takes no place.
func TestReadQuiet(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"setup", "portal", "chatd"} {
		tell(t, dir, name+".state", `{"state":"up"}`)
	}
	if all := At(dir, 0); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

func TestReadNothing(t *testing.T) {
	for _, dir := range []string{"", t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if all := At(dir, silentAfter-1); len(all) != 0 || !Well(all) {
			t.Errorf("%q: %+v", dir, all)
		}
	}
	if all := append(Read(""), At("", time.Hour)...); len(all) != 0 {
		t.Errorf("where there are no daemons: %+v", all)
	}
}

// A daemon that has said nothing for too long is named, whichever it is.
func TestSilent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	var titles []string
	for _, s := range At(dir, silentAfter) {
		titles = append(titles, s.Title)
		if !s.Wrong || len(s.Text) != 2 || !strings.HasSuffix(s.Text[0], " has said nothing since the box was switched on.") {
			t.Errorf("%+v", s)
		}
	}
	if want := []string{"Settings", "Wi-Fi", "RabbitMQ", "Board", "LED", "Display", "Updates", "Welcome page", "Chat"}; !slices.Equal(titles, want) {
		t.Errorf("silent are %q, want %q", titles, want)
	}
	dir = t.TempDir()
	tell(t, dir, "broker.state", `{"state":"starting"}`)
	for _, s := range At(dir, time.Hour) {
		if (s.Title == "RabbitMQ") == s.Wrong {
			t.Errorf("%+v", s)
		}
	}
}

// FuzzRead has the daemons tell anything: it is told, or that it cannot be read.
func FuzzRead(f *testing.F) {
	for i, js := range []string{
		`{"mistakes":["line 3: <b>"]}`, `{"state":"up","name":"rabbit","interface":"wlan0","stations":3,"max":8,"full":true,"why":"x."}`,
		`{"state":"failed","why":"","note":"n","set_aside":"/perm/<x>"}`,
		`{"model":"x","power":{"low":true,"times":-1},"temperature":{"now":81,"most":82,"hot":true},"memory":{"free":1,"all":2},"data":{"free":-1,"files":9}}`,
		`{"card":{"disk":"mmcblk0","bytes":9223372036854775807,"errors":3,"read_only":true}}`, `{"state":"starting","why":"x"}`,
		`{"last":{"state":"back","why":"."},"receiving":true}`,
	} {
		f.Add(uint8(i), []byte(js))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, which uint8, js []byte) {
		source := sources[int(which)%len(sources)]
		path := filepath.Join(dir, source.file)
		if err := os.WriteFile(path, js, 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path)
		all := At(dir, 0)
		var s struct{ State string }
		quiet := source.file == BoardFile || json.Unmarshal(js, &s) == nil && (s.State == "starting" || s.State == "up")
		if len(all) == 0 && !quiet {
			t.Fatalf("%q says nothing", js)
		}
		said := 0
		for _, s := range all {
			if len(s.Text) == 0 || source.file != BoardFile && s.Title != source.title {
				t.Fatalf("%+v", all)
			}
			for _, text := range append(s.Text, s.List...) {
				said += len(text)
			}
		}
		if said > 3*min(len(js), maxFile)+2000 { // what is no character becomes one of three bytes
			t.Fatalf("%d bytes become sentences of %d", len(js), said)
		}
	})
}
