package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"warren/chatd/chat"
	"warren/chatd/room"
	"warren/chatd/session"
)

// How much history a client may ask for. A phone's screen shows ten messages;
// 200 are what people scroll through to see what they came into.
const (
	defaultHistory = 200
	maxHistory     = 1000
	maxOlder       = 200
)

// olderTimeout is the time for reading history: the broker needs some tens of
// milliseconds.
const olderTimeout = 5 * time.Second

// jsonPhone speaks warren.v1: docs/protocol.md.
type jsonPhone struct {
	phone
	hello *time.Timer // ends a session without a hello; nil after it
	order order
}

func newJSONPhone(g *Gateway, s *session.Session, address string, host bool) *jsonPhone {
	p := &jsonPhone{phone: newPhone(g, s, address, host)}
	p.hello = time.AfterFunc(helloTimeout, func() { s.Close(session.NoHello, "no hello within 10 seconds") })
	return p
}

func (p *jsonPhone) left() {
	p.greeted()
	p.phone.left()
}

// greeted stops the wait for a hello. A timer that has nothing to do is memory, too.
func (p *jsonPhone) greeted() {
	if p.hello != nil {
		p.hello.Stop()
		p.hello = nil
	}
}

// Slot implements session.Protocol.
func (p *jsonPhone) Slot() int { return jsonSlot }

// Encode implements session.Protocol.
func (p *jsonPhone) Encode(e *room.Event) []byte {
	switch {
	case e.State != nil:
		return p.gw.roomFrame(e.State)
	case e.Refused != nil:
		no := e.Refused
		return frame(refusedFrame{"refused", no.Ref, no.Why, no.Text, no.Retry.Milliseconds()})
	}
	return eventJSON(e)
}

// Bye implements session.Protocol.
func (p *jsonPhone) Bye(code session.Code, why string) []byte {
	return frame(byeFrame{"bye", code, why})
}

// Lost implements session.Protocol.
func (p *jsonPhone) Lost() { p.session.Close(session.LogLost, "the log was read afresh: resume") }

// Receive implements session.Protocol.
func (p *jsonPhone) Receive(data []byte) {
	var f clientFrame
	if err := json.Unmarshal(data, &f); err != nil {
		p.refuse("", &refusal{"bad_json", "A frame must be one JSON object: " + err.Error() + ".", 0})
		return
	}
	if err := p.receive(&f); err != nil {
		var r *refusal
		if !errors.As(err, &r) {
			panic(err) // receive returns refusals only
		}
		p.refuse(f.Ref, r)
	}
}

func (p *jsonPhone) refuse(ref string, r *refusal) {
	if !chat.ValidID(ref) {
		ref = ""
	}
	p.tolerate(r)
	p.session.Send(frame(refusedFrame{"refused", ref, r.why, r.text, r.retry.Milliseconds()}))
}

func (p *jsonPhone) receive(f *clientFrame) error {
	if !p.entered() {
		if f.Type != "hello" {
			p.session.Close(session.NoHello, "the first frame must be a hello")
			return nil
		}
		return p.join(f)
	}
	if p.wall && f.Type != "older" && f.Type != "ping" {
		return &refusal{"wall", "A wall shows the room, and is nobody in it.", 0}
	}
	switch f.Type {
	case "say", "react", "edit", "delete": // cost what a message costs
	default:
		if err := p.request(); err != nil {
			return err
		}
	}
	switch f.Type {
	case "say", "react", "edit", "delete", "host":
		if !chat.ValidID(f.Ref) {
			return &refusal{"bad_ref", fmt.Sprintf("ref must be 1 to %d characters of A-Z, a-z, 0-9, - and _.", chat.MaxIDBytes), 0}
		}
	}
	switch f.Type {
	case "say", "react", "edit", "delete":
		now := time.Now()
		err := p.order.behind(f.Ref, now)
		if err == nil {
			err = p.put(f)
		}
		p.order.came(f.Ref, err, now)
		return err
	case "host":
		return p.rule(f)
	case "name":
		return p.rename(f.Name)
	case "typing":
		p.gw.Room.Typing(p.me())
	case "older":
		return p.older(f)
	case "ping":
		p.session.Send(frame(pongFrame{"pong", p.gw.Clock()}))
	default:
		return &refusal{"unknown_type", fmt.Sprintf("There is no type %.40q: say, react, edit, delete, name, typing, older, ping and host are known.", f.Type), 0}
	}
	return nil
}

// put puts a message, or what is done to one, into the log. The error is a refusal.
func (p *jsonPhone) put(f *clientFrame) (err error) {
	var offset int64
	var known bool
	if f.Type == "say" {
		made := room.Made{}
		if f.Since != nil {
			made = room.Made{Epoch: f.Epoch, Since: *f.Since}
		}
		offset, known, err = p.say(p.session.Context(), chat.Message{Text: f.Text, ReplyTo: f.ReplyTo, Picture: f.Picture}, f.Ref, made)
	} else {
		offset, known, err = p.do(f)
	}
	if known {
		p.session.Send(frame(knownFrame{"known", f.Ref, offset}))
	}
	return err
}

// join answers a hello: the welcome, what the phone has missed or the recent
// history, who is here; from then on the session follows the room.
func (p *jsonPhone) join(f *clientFrame) error {
	p.greeted()
	var bad *badName
	if f.Wall {
		p.wall, p.host = true, false // a hall sees what it shows
	} else if err := p.enter(f.Device, f.Name); err != nil && !errors.As(err, &bad) {
		p.turnedAway(err)
		return nil
	}
	if f.At != nil && !p.wall {
		p.gw.heardTime(p.me(), *f.At, p.host)
	}
	n := defaultHistory
	if f.History != nil {
		n = min(max(*f.History, 0), maxHistory)
	}
	var v room.View
	place := room.Place{Epoch: f.Epoch, Ref: f.SinceRef, Stamp: f.SinceAt}
	if f.Since != nil && f.Epoch != "" {
		place.Offset = *f.Since
		v = p.gw.Room.Resume(p.session.Context(), p.as(), place, n)
	} else {
		v = p.gw.Room.View(p.session.Context(), p.as(), n)
	}
	if !p.mayStay() {
		return nil
	}
	first := frame(welcomeFrame{
		Type: "welcome", You: p.me(), Epoch: v.Epoch, Head: v.Head,
		Resumed: v.Resumed, Gap: f.Since != nil && !v.Resumed,
		Now: p.gw.Clock(), Broker: v.Broker.String(), Box: p.gw.boxNow(), Title: p.gw.title(), Version: p.gw.Version, Host: p.host, Room: p.gw.shown(p.gw.Room.State()),
		Limits: limitsFrame{chat.MaxTextBytes, chat.MaxTextGraphemes, chat.MaxNameGraphemes},
	})
	first = append(first, p.hostFrame()...)
	if v.Unsettled {
		p.startUnsettled(first, v, place, n)
	} else {
		p.start(first, v, nil)
	}
	if bad != nil {
		return &refusal{"bad_name", sentence(bad), 0}
	}
	return nil
}

// start sends first, then what the phone has missed or the recent history, then
// who is here and last, and lets the phone follow the room.
func (p *jsonPhone) start(first []byte, v room.View, last []byte) {
	p.session.Start(v.Tail, func(ctx context.Context, write func([]byte) error) error {
		if v.CatchUp {
			if err := write(first); err != nil {
				return err
			}
			first = nil
			err := p.gw.Room.Missed(ctx, v, func(entries []*room.Entry) error { return write(logFrames(entries)) })
			if errors.Is(err, room.ErrGap) {
				p.Lost()
			}
			if err != nil {
				return err
			}
		}
		return write(slices.Concat(first, logFrames(v.Entries), frame(presenceFrame{"presence", v.Presence}), last))
	})
}

// startUnsettled sends the welcome to a phone that has seen more than is known
// here, and who is here. Once it is settled, the phone is started, or
// closed if it has seen what the log does not hold any more.
func (p *jsonPhone) startUnsettled(welcome []byte, v room.View, place room.Place, n int) {
	welcomed := make(chan struct{})
	p.session.Start(nil, func(_ context.Context, write func([]byte) error) error {
		defer close(welcomed)
		return write(slices.Concat(welcome, frame(presenceFrame{"presence", v.Presence})))
	})
	go func() {
		ctx := p.session.Context() // ends with the session
		select {
		case <-welcomed:
		case <-ctx.Done():
			return
		}
		switch v, err := p.gw.Room.Settle(ctx, p.as(), place, n); {
		case err != nil: // the session has ended
		case !v.Resumed:
			p.Lost()
		case !p.mayStay():
		default:
			// It did not follow, so it was not told.
			broker := frame(stateFrame{"broker", v.Broker.String()})
			box := frame(stateFrame{"box", p.gw.boxNow()})
			p.start(nil, v, slices.Concat(broker, box, p.gw.roomFrame(p.gw.Room.State()), p.hostFrame()))
		}
	}()
}

func (p *jsonPhone) rename(name string) error {
	clean, err := p.cleanName(name)
	if err != nil {
		return &refusal{"bad_name", sentence(err), 0}
	}
	p.mu.Lock()
	p.person.Name = clean
	if p.present {
		p.gw.Room.Rename(p.person)
	}
	p.mu.Unlock()
	p.session.Send(frame(youFrame{"you", p.me()}))
	return nil
}

func (p *jsonPhone) older(f *clientFrame) error {
	ctx, cancel := context.WithTimeout(p.session.Context(), olderTimeout)
	defer cancel()
	entries, more, err := p.gw.Room.Older(ctx, p.as(), f.Before, min(max(f.Count, 1), maxOlder))
	if err != nil {
		return &refusal{"away", "Older messages cannot be read now.", retryFull}
	}
	answer := olderFrame{Type: "older", Before: f.Before, Records: make([]json.RawMessage, len(entries)), More: more}
	for i, e := range entries {
		answer.Records[i] = recordJSON(e)
	}
	p.session.Send(frame(answer))
	return nil
}

func sentence(err error) string { return chat.Sentence(err) }
