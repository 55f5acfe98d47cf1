package gateway

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/session"
)

// phone is what both protocols know of a connected device.
type phone struct {
	gw       *Gateway
	session  *session.Session
	address  string
	requests *rate.Limiter
	patience *rate.Limiter

	mu     sync.Mutex
	person chat.Person // with an ID once it has entered
}

func newPhone(g *Gateway, s *session.Session, address string) phone {
	return phone{gw: g, session: s, address: address,
		requests: rate.NewLimiter(requestRate, requestBurst),
		patience: rate.NewLimiter(patienceRate, patienceBurst)}
}

// enter makes the phone somebody who is in the room. A name that cannot be one
// is replaced by a suggestion; the error says what was wrong with it.
func (p *phone) enter(device, name string) error {
	id, err := chat.PersonID(device)
	if err != nil {
		return err
	}
	clean, nameErr := chat.CleanName(name)
	if nameErr != nil {
		clean = chat.SuggestName(id)
	}
	p.mu.Lock()
	p.person = chat.Person{ID: id, Name: clean}
	p.mu.Unlock()
	p.gw.Room.Enter(p.me())
	if name != "" && nameErr != nil {
		return &badName{nameErr}
	}
	return nil
}

type badName struct{ error }

func (p *phone) me() chat.Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.person
}

func (p *phone) entered() bool { return p.me().ID != "" }

// left undoes enter, once the session has ended.
func (p *phone) left() {
	if me := p.me(); me.ID != "" {
		p.gw.Room.Leave(me.ID)
	}
}

// refusal is an answer to something that cannot be done.
type refusal struct {
	why   string // a word of docs/protocol.md
	text  string // a sentence for people
	retry time.Duration
}

func (r *refusal) Error() string { return r.text }

// say puts a message into the log. The error is a refusal.
func (p *phone) say(ref, text string, replyTo *int64) (offset int64, known bool, err error) {
	me := p.me()
	wait := p.gw.devices.take(me.ID)
	if wait == 0 {
		wait = p.gw.addresses.take(p.address)
	}
	if wait > 0 {
		return 0, false, &refusal{"slow_down", "You are sending faster than the room can read.", wait}
	}
	offset, known, err = p.gw.Room.Say(me, ref, text, replyTo)
	return offset, known, refusalOf(err)
}

// retryFull is when to try again what did not fit into the outbox: the
// exchange is away, or far behind.
const retryFull = 2 * time.Second

func refusalOf(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, chat.ErrTextEmpty):
		return &refusal{"empty", "The message is empty.", 0}
	case errors.Is(err, chat.ErrTextLong):
		return &refusal{"too_long", fmt.Sprintf("The message is too long: at most %d characters and %d bytes.", chat.MaxTextGraphemes, chat.MaxTextBytes), 0}
	case errors.Is(err, fanout.ErrFull):
		return &refusal{"full", "Too many messages wait to be sent.", retryFull}
	}
	return &refusal{"bad_text", "This cannot be sent: " + err.Error() + ".", 0}
}

// tolerate counts a refusal, and ends a session that earns them faster than a
// person or a sane program could. What the phone cannot help does not count.
func (p *phone) tolerate(r *refusal) {
	refusals.WithLabelValues(r.why).Inc()
	if r.why != "full" && r.why != "away" && !p.patience.Allow() {
		p.session.Close(session.Flood, "too many refused frames: come back later")
	}
}

// newRef makes an id for a message whose sender has none.
func newRef() string { return uuid.NewString() }
