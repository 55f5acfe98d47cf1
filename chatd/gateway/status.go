package gateway

import (
	"context"
	"net/http"
	"time"

	"warren/chatd/fanout"
	"warren/internal/status"
)

// The page that says how the box is. It has no secrets: guests may read it.

const statusTemplate = "status.html"

var statusLeaf = newLeaf(statusTemplate)

// statusData is what the template shows.
type statusData struct {
	Title string
	Card  []status.Section // as its daemons tell it, in English
	Own   []status.Section // in the reader's language
}

func (g *Gateway) statusPage(w http.ResponseWriter, r *http.Request) {
	words := wordsFor(r)
	d := statusData{g.title(), g.card(), []status.Section{g.roomSection(words), g.systemSection(words)}}
	g.show(w, r, statusLeaf, http.StatusOK, d)
}

// card returns what the card's daemons tell.
func (g *Gateway) card() []status.Section { return status.At(g.StatusDir, g.up()) }

// up is how long the box has been switched on.
func (g *Gateway) up() time.Duration { return time.Duration(g.Clock().UpMS) * time.Millisecond }

// roomSection tells of the exchange, as it is seen from here, and who is here.
func (g *Gateway) roomSection(words words) status.Section {
	s := status.Section{Title: words.say("room"), Text: []string{words.say("room_open")}}
	switch broker, why := g.Room.Broker(); broker {
	case fanout.Away:
		s.Text[0] = words.say("room_away")
	case fanout.Full:
		s.Wrong = true
		s.Text = []string{words.say("room_full"), why}
	}
	s.Text = append(s.Text, words.say("people", g.Room.Presence().Count))
	return s
}

func (g *Gateway) systemSection(words words) status.Section {
	return status.Section{Title: words.say("box"), Text: []string{
		words.say("since", words.since(g.up())),
		words.say("version", g.Version),
	}}
}

// since says a time of hours or days.
func (w words) since(d time.Duration) string {
	switch {
	case d < time.Minute:
		return w.say("just_now")
	case d < time.Hour:
		return w.say("minutes_ago", d/time.Minute)
	case d < 48*time.Hour:
		return w.say("hours_minutes_ago", d/time.Hour, d%time.Hour/time.Minute)
	}
	return w.say("days_ago", d/(24*time.Hour))
}

// boxInterval is how often the files of the box are read: their daemons do not
// say when they change.
const boxInterval = 2 * time.Second

// watchBox tells everybody when something is wrong with the box, and when all is
// well again, until ctx ends.
func (g *Gateway) watchBox(ctx context.Context) {
	tick := time.NewTicker(boxInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// First the state, then the event: whoever comes in between has both.
		if well := status.Well(g.card()); g.well.Swap(well) != well {
			g.Room.Box(well)
		}
	}
}
