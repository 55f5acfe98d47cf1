package gateway

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"warren/chatd/fanout"
	"warren/web"
)

// The page that says how the box is. It has no secrets: guests may read it.

const statusTemplate = "status.html"

var status = template.Must(template.ParseFS(web.Files, statusTemplate))

// statusData is what the template shows.
type statusData struct {
	Title    string
	Sections []section
}

func (g *Gateway) statusPage(w http.ResponseWriter, _ *http.Request) {
	d := statusData{g.Title, append(g.box.sections(), g.roomSection(), g.systemSection())}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := status.Execute(w, d); err != nil {
		g.Log.Debug("The status page was not sent whole", "err", err)
	}
}

// roomSection tells of the exchange, as it is seen from here, and who is here.
func (g *Gateway) roomSection() section {
	s := section{Title: "The room", Text: []string{"The room is open."}}
	switch broker, why := g.Room.Broker(); broker {
	case fanout.Away:
		s.Text[0] = "The room waits for RabbitMQ. What you write goes out when it is there."
	case fanout.Full:
		s.Wrong = true
		s.Text = []string{"The room is full up. What you write is kept, and goes out when there is room.", why}
	}
	people := g.Room.Presence()
	switch people.Count {
	case 0:
		s.Text = append(s.Text, "Nobody is here.")
	case 1:
		s.Text = append(s.Text, "One person is here.")
	default:
		s.Text = append(s.Text, fmt.Sprintf("%d people are here.", people.Count))
	}
	return s
}

func (g *Gateway) systemSection() section {
	up := time.Duration(g.Clock().UpMS) * time.Millisecond
	return section{Title: "This box", Text: []string{
		"It was switched on " + since(up) + ".",
		"It runs Warren " + g.Version + ".",
	}}
}

// since says a time of hours or days in words.
func since(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min ago", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d days ago", d/(24*time.Hour))
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
		if well := g.box.well(); g.well.Swap(well) != well {
			g.Room.Box(well)
		}
	}
}
