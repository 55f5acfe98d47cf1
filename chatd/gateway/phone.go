package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/room"
	"warren/chatd/session"
)

// phone is what both protocols know of a connected device.
type phone struct {
	gw       *Gateway
	session  *session.Session
	address  string
	requests *rate.Limiter // nil as long as there were none
	patience *rate.Limiter // the same
	host     bool          // its browser has shown the host's code
	wall     bool          // it shows the room, and is nobody in it

	mu      sync.Mutex
	person  chat.Person // with an ID once it has entered
	present bool        // others are told of it
	gone    bool        // the session has ended
}

func newPhone(g *Gateway, s *session.Session, address string, host bool) phone {
	return phone{gw: g, session: s, address: address, host: host}
}

// errSentOut reports that the host has sent the device out a moment ago.
var errSentOut = errors.New("the host has sent you out: come back in ten minutes")

// enter makes the phone somebody who is in the room. A name that cannot be one
// is replaced by a suggestion; the error, a badName, says what was wrong with it.
// With any other error nobody has come in.
func (p *phone) enter(device, name string) error {
	id, err := chat.PersonID(device)
	if err != nil {
		return err
	}
	if p.keptOut(id) {
		return errSentOut
	}
	clean, nameErr := p.cleanName(name)
	if nameErr != nil {
		clean = chat.SuggestName(id)
	}
	p.mu.Lock()
	p.person = chat.Person{ID: id, Name: clean}
	p.mu.Unlock()
	p.appear()
	if name != "" && nameErr != nil {
		return &badName{nameErr}
	}
	return nil
}

type badName struct{ error }

var errUnwantedName = errors.New("the host does not want a word in this name")

// cleanName returns a name as it is shown, or what is wrong with it.
func (p *phone) cleanName(name string) (string, error) {
	clean, err := chat.CleanName(name)
	if err == nil && !p.host && p.gw.Room.Unwanted(clean) {
		return "", errUnwantedName
	}
	return clean, err
}

// appear tells others that the phone is here, once it is known whether it may be.
func (p *phone) appear() {
	if !p.gw.Room.Known() {
		return // the log is being read: when that is done, the session hears of it (Lost)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.person.ID != "" && !p.present && !p.gone {
		p.present = true
		p.gw.Room.Enter(p.person)
	}
}

// mayStay closes the session of who was sent out, and reports whether it goes on. It is
// asked again when the session begins to follow the room: a kick before that was told to others only.
func (p *phone) mayStay() bool {
	if me := p.me(); me.ID != "" && p.keptOut(me.ID) {
		p.turnedAway(errSentOut)
		return false
	}
	p.appear()
	return true
}

// keptOut reports whether the person with that id may not come in on this phone.
// Hosts always may: one who has sent out a device of their own still needs it.
func (p *phone) keptOut(id string) bool { return !p.host && p.gw.Room.Kicked(id) }

// turnedAway closes the session of whom enter did not let in.
func (p *phone) turnedAway(err error) {
	code := session.NoHello
	if errors.Is(err, errSentOut) {
		code = session.SentOut
	}
	p.session.Close(code, err.Error())
}

// as is how the phone sees the room.
func (p *phone) as() room.Viewer { return room.Viewer{Person: p.me().ID, Host: p.host} }

// Sees implements session.Protocol.
func (p *phone) Sees(e *room.Event) bool {
	if e.Kick != "" {
		if e.Kick == p.me().ID && !p.host {
			p.session.Close(session.SentOut, errSentOut.Error())
		}
		return false
	}
	return e.Audience == room.Audience{} || e.For(p.me().ID, p.host)
}

func (p *phone) me() chat.Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.person
}

func (p *phone) entered() bool { return p.wall || p.me().ID != "" }

// left undoes enter, once the session has ended.
func (p *phone) left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
	if p.present {
		p.present = false
		p.gw.Room.Leave(p.person.ID)
	}
}

// refusal is an answer to something that cannot be done.
type refusal struct {
	why   string // a word of docs/protocol.md
	text  string // a sentence for people
	retry time.Duration
}

func (r *refusal) Error() string { return r.text }

// say puts a message of the phone's into the log; made is what it knew when it made ref. The
// error is a refusal.
func (p *phone) say(ctx context.Context, m chat.Message, ref string, made room.Made) (offset int64, known bool, err error) {
	m.From = p.me()
	if err := p.spend(m.From.ID); err != nil {
		return 0, false, err
	}
	if err := p.gw.checkPicture(ctx, p.address, m.Picture); err != nil {
		return 0, false, err
	}
	offset, known, err = p.gw.Room.Say(ctx, m, ref, made, p.host)
	return offset, known, refusalOf(err)
}

// spend takes what a message costs from what the device, and its address, may
// send. The error is a refusal.
func (p *phone) spend(id string) error {
	if wait := p.gw.spend(id, p.address); wait > 0 {
		return &refusal{"slow_down", "You are sending faster than the room can read.", wait}
	}
	return nil
}

// retryFull is when to try again what did not fit into the outbox: the
// exchange is away, or far behind.
const retryFull = 2 * time.Second

func refusalOf(err error) error {
	var no *room.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &no):
		return &refusal{no.Why, no.Text, no.Retry}
	case errors.Is(err, chat.ErrPicture):
		return &refusal{"bad_value", sentence(err), 0}
	case errors.Is(err, chat.ErrTextEmpty):
		return &refusal{"empty", "The message is empty.", 0}
	case errors.Is(err, chat.ErrTextLong):
		return &refusal{"too_long", fmt.Sprintf("The message is too long: at most %d characters and %d bytes.", chat.MaxTextGraphemes, chat.MaxTextBytes), 0}
	case errors.Is(err, fanout.ErrFull):
		return &refusal{"full", "Too many messages wait to be sent.", retryFull}
	}
	return &refusal{"bad_text", "This cannot be sent: " + strings.TrimPrefix(err.Error(), "text: ") + ".", 0}
}

// request takes what anything else costs. The error is a refusal.
func (p *phone) request() error {
	if p.requests == nil {
		p.requests = rate.NewLimiter(requestRate, requestBurst)
	}
	if wait := takeFrom(p.requests); wait > 0 {
		return &refusal{"slow_down", "You are asking too often.", wait}
	}
	return nil
}

// tolerate counts a refusal, and ends a session that earns them faster than a
// person or a sane program could. What the phone cannot help does not count.
func (p *phone) tolerate(r *refusal) {
	refusals.WithLabelValues(r.why).Inc()
	if r.why == "full" || r.why == "away" {
		return
	}
	if p.patience == nil {
		p.patience = rate.NewLimiter(patienceRate, patienceBurst)
	}
	if !p.patience.Allow() {
		p.session.Close(session.Flood, "too many refused frames: come back later")
	}
}

// newRef makes an id for a message whose sender has none.
func newRef() string { return uuid.NewString() }
