package gateway

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/room"
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

var basic = newLeaf(basicTemplate)

// basicData is what the template shows.
type basicData struct {
	Title   string
	You     chat.Person
	Ref     string // makes a form that is posted twice one message
	Text    string // what was refused, to be mended
	Notice  string
	Broker  string
	Box     string       // its state
	Pin     string       // what the host has put up; empty: nothing
	Closed  string       // why there is no form; empty: there is one
	Entries []basicEntry // the newest first
}

// basicEntry is a message.
type basicEntry struct {
	*room.Entry
	Own    bool
	Ago    string
	Action string // what "/me " is followed by
}

func (g *Gateway) basicPage(w http.ResponseWriter, r *http.Request) {
	p := g.basicPhone(w, r)
	if p.keptOut(p.person.ID) {
		http.Error(w, wordsFor(r).say("sent_out"), http.StatusForbidden)
		return
	}
	g.basicShow(w, r, p, http.StatusOK, "", "")
}

func (g *Gateway) basicShow(w http.ResponseWriter, r *http.Request, p *phone, status int, text, notice string) {
	words := wordsFor(r)
	you, v, state := p.person, g.Room.View(r.Context(), p.as(), basicHistory), g.shown(g.Room.State())
	d := basicData{Title: state.Title, You: you, Ref: newRef(), Text: strings.ToValidUTF8(text, "\ufffd"), Notice: notice, Broker: v.Broker.String(), Box: g.boxNow()}
	if state.Pin != nil {
		d.Pin = state.Pin.Text
	}
	switch {
	case v.Epoch == "": // the log is being read: nobody knows who may write
		d.Closed = words.say("loading")
	case p.host: // may write
	case state.Off:
		d.Closed = cmp.Or(state.Notice, words.say("off"))
	case state.Locked:
		d.Closed = words.say("locked")
	}
	now := g.Clock()
	for i := len(v.Entries) - 1; i >= 0; i-- {
		e := v.Entries[i]
		if e.Deed != nil {
			continue // done already to what it was done to
		}
		action, _ := strings.CutPrefix(e.Message.Text, "/me ")
		if action == e.Message.Text {
			action = ""
		}
		d.Entries = append(d.Entries, basicEntry{e, e.Message.From.ID == you.ID, words.ago(e.Stamp, now), action})
	}
	g.show(w, r, basic, status, d)
}

// basicPhone returns what asks, for as long as it is answered.
func (g *Gateway) basicPhone(w http.ResponseWriter, r *http.Request) *phone {
	p := newPhone(g, nil, addressOf(r.RemoteAddr), g.isHost(r))
	p.person = g.basicGuest(w, r)
	return &p
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
	p := g.basicPhone(w, r)
	if p.keptOut(p.person.ID) {
		http.Error(w, wordsFor(r).say("sent_out"), http.StatusForbidden)
		return
	}
	text, ref := r.PostForm.Get("text"), r.PostForm.Get("ref")
	name, err := p.cleanName(r.PostForm.Get("name"))
	if err != nil {
		g.basicShow(w, r, p, http.StatusBadRequest, text, wordsFor(r).say("why_bad_name"))
		return
	}
	p.person.Name = name
	setCookie(w, nameCookie, encodeName(name))
	if !chat.ValidID(ref) {
		ref = newRef()
	}
	follow := g.Room.Tail()
	_, known, err := p.say(r.Context(), chat.Message{Text: text}, ref, room.Made{})
	if err == nil && !known {
		ctx, cancel := context.WithTimeout(r.Context(), basicWait)
		defer cancel()
		if err = awaitOwn(ctx, follow, p.person.ID, ref); errors.Is(err, fanout.ErrAway) {
			g.basicShow(w, r, p, http.StatusAccepted, "", wordsFor(r).say("waits"))
			return
		}
	}
	var refused *refusal
	if errors.As(err, &refused) {
		refusals.WithLabelValues(refused.why).Inc()
		g.basicShow(w, r, p, refused.status(), text, wordsFor(r).why(refused))
		return
	}
	http.Redirect(w, r, "/basic", http.StatusSeeOther)
}

// status returns the HTTP status that says the same.
func (r *refusal) status() int {
	switch {
	case r.why == "away":
		return http.StatusServiceUnavailable
	case r.retry > 0:
		return http.StatusTooManyRequests
	}
	return http.StatusBadRequest
}

// awaitOwn waits until the message has come back from the log, also if it is shown
// to its sender alone. The error is fanout.ErrAway if it does not, or a refusal if the log
// holds it, and it is not shown.
func awaitOwn(ctx context.Context, follow *room.Event, id, ref string) error {
	for {
		select {
		case <-ctx.Done():
			return fanout.ErrAway
		case <-follow.Ready():
		}
		follow = follow.Next()
		if no := follow.Refused; no != nil && no.Person == id && no.Ref == ref {
			return &refusal{no.Why, no.Text, no.Retry}
		}
		for _, e := range follow.Entries {
			if e.Ref == ref && e.Message.From.ID == id {
				return nil
			}
		}
	}
}
