package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/room"
	"warren/web"
)

// The page without JavaScript: the recent history as HTML, and a form.

const (
	basicTemplate = "basic.html"
	basicHistory  = 50

	// basicWait is how long a posted message is waited for, so that the page
	// that comes back shows it.
	basicWait = 3 * time.Second

	// The largest form: a text in which each byte is three (%XX), and the
	// other fields.
	maxForm = 3*chat.MaxTextBytes + 4<<10

	deviceCookie, nameCookie = "device", "name"
)

var basic = template.Must(template.ParseFS(web.Files, basicTemplate))

// basicData is what the template shows.
type basicData struct {
	Title   string
	You     chat.Person
	Ref     string // makes a form that is posted twice one message
	Text    string // what was refused, to be mended
	Notice  string
	Broker  string
	Trouble bool         // the box
	Entries []basicEntry // the newest first
}

type basicEntry struct {
	*room.Entry
	Own bool
	Ago string
}

func (g *Gateway) basicPage(w http.ResponseWriter, r *http.Request) {
	g.basicShow(w, g.basicGuest(w, r), http.StatusOK, "", "")
}

func (g *Gateway) basicShow(w http.ResponseWriter, you chat.Person, status int, text, notice string) {
	v := g.Room.View(basicHistory)
	d := basicData{Title: g.Title, You: you, Ref: newRef(), Text: strings.ToValidUTF8(text, "\ufffd"), Notice: notice, Broker: v.Broker.String(), Trouble: !g.well.Load()}
	now := g.Clock()
	for i := len(v.Entries) - 1; i >= 0; i-- {
		e := v.Entries[i]
		d.Entries = append(d.Entries, basicEntry{e, e.Message.From.ID == you.ID, ago(e.Stamp, now)})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := basic.Execute(w, d); err != nil {
		g.Log.Debug("The basic page was not sent whole", "err", err)
	}
}

// basicGuest returns who asks, by the device secret in a cookie; a new guest
// gets one.
func (g *Gateway) basicGuest(w http.ResponseWriter, r *http.Request) chat.Person {
	var device string
	if c, err := r.Cookie(deviceCookie); err == nil {
		device = c.Value
	}
	id, err := chat.PersonID(device)
	if err != nil {
		device = rand.Text()
		id, _ = chat.PersonID(device) // rand.Text is long enough
		setCookie(w, deviceCookie, device)
	}
	you := chat.Person{ID: id, Name: chat.SuggestName(id)}
	if c, err := r.Cookie(nameCookie); err == nil {
		if b, err := cookieName(c.Value); err == nil {
			you.Name = b
		}
	}
	return you
}

func (g *Gateway) basicSay(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form is too large or malformed.", http.StatusBadRequest)
		return
	}
	you := g.basicGuest(w, r)
	text, ref := r.PostForm.Get("text"), r.PostForm.Get("ref")
	name, err := chat.CleanName(r.PostForm.Get("name"))
	if err != nil {
		g.basicShow(w, you, http.StatusBadRequest, text, sentence(err))
		return
	}
	you.Name = name
	setCookie(w, nameCookie, encodeName(name))
	if !chat.ValidID(ref) {
		ref = newRef()
	}
	p := newPhone(g, nil, addressOf(r.RemoteAddr))
	p.person = you
	follow := g.Room.Tail()
	_, known, err := p.say(ref, text, nil)
	var refused *refusal
	if errors.As(err, &refused) {
		refusals.WithLabelValues(refused.why).Inc()
		status := http.StatusBadRequest
		if refused.retry > 0 {
			status = http.StatusTooManyRequests
		}
		g.basicShow(w, you, status, text, refused.text)
		return
	}
	if !known {
		ctx, cancel := context.WithTimeout(r.Context(), basicWait)
		defer cancel()
		if awaitOwn(ctx, follow, you.ID, ref) != nil {
			g.basicShow(w, you, http.StatusAccepted, "", "Your message waits, and goes out by itself.")
			return
		}
	}
	http.Redirect(w, r, "/basic", http.StatusSeeOther)
}

// awaitOwn waits until the message has come back from the log.
func awaitOwn(ctx context.Context, follow *room.Event, id, ref string) error {
	for {
		select {
		case <-ctx.Done():
			return fanout.ErrAway
		case <-follow.Ready():
		}
		follow = follow.Next()
		for _, e := range follow.Entries {
			if e.Ref == ref && e.Message.From.ID == id {
				return nil
			}
		}
	}
}
