package status

import (
	"strings"
	"testing"
)

func TestScreen(t *testing.T) {
	for js, want := range map[string]struct {
		text  string
		wrong bool
	}{
		`{"state":"up","width":1280,"height":720,"bits":16}`: {"The display shows the room, with 1280 × 720 pixels.", false},
		`{"state":"off"}`: {"as the settings say", false},
		`{"state":"none","why":"There was no display."}`:        {"There was no display.", false},
		`{"state":"failed","why":"It cannot be drawn on: ..."}`: {"It cannot be drawn on", true},
		`{"state":"odd"}`: {"cannot be read", false},
	} {
		dir := t.TempDir()
		tell(t, dir, "screen.state", js)
		all := Read(dir)
		for _, s := range all {
			if s.Title == "Display" && (s.Wrong != want.wrong || !strings.Contains(strings.Join(s.Text, " "), want.text)) {
				t.Errorf("%s: %+v", js, s)
			}
		}
		if !strings.Contains(titles(all), "Display") {
			t.Errorf("%s: there are only %s", js, titles(all))
		}
	}
}

func titles(all []Section) string {
	var b strings.Builder
	for _, s := range all {
		b.WriteString(s.Title + " ")
	}
	return b.String()
}
