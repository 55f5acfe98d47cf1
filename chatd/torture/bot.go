package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/uptime"
)

// A Bot is an AMQP client, as docs/bots.md has it: what it publishes has no stamp, and an id, a
// strange one, or none. It also moderates, without asking a chatd. What it says while RabbitMQ is away is lost, and
// nothing of it is said twice. Its methods may be called concurrently.
type Bot struct {
	url string

	mu   sync.Mutex
	conn *amqp.Connection
	ch   *amqp.Channel // nil: not connected
	n    int
	text History // of what it says
	rule History // of what it does
}

// Names of the bot.
const (
	botApp = "thermometer"
	botID  = "the-bot-of-the-house"
)

// floodSize is how many records a flood has: more than chatd reads at its start by count, in two
// or three of them, and than its snapshots are apart.
const floodSize = 3000

// NewBot returns a bot that is not connected.
func NewBot(url string) *Bot {
	return &Bot{url: url, text: History{Phone: "the bot", Sender: "app " + botApp}, rule: History{Phone: "the bot that moderates", Sender: botID}}
}

// Talk has it publish something now and then, until ctx ends. Of is the offset of a message, to be
// hidden; -1 if there is none.
func (b *Bot) Talk(ctx context.Context, of func() int64) {
	defer b.close()
	for pause(ctx, rand.N(3*time.Second)) == nil {
		switch rand.IntN(6) {
		case 0:
			b.publish(Event{Item: Item{Type: "pin", Text: fmt.Sprintf("It is %d degrees.", rand.IntN(40))}})
		case 1:
			if to := of(); to >= 0 {
				b.publish(Event{Item: Item{Type: hide, To: to}})
			}
		default:
			b.mu.Lock()
			b.n++
			text := fmt.Sprintf("%d degrees, reading %d", rand.IntN(40), b.n)
			b.mu.Unlock()
			b.publish(Event{Item: Item{Type: message, Text: text}})
		}
	}
}

// publish publishes one thing, or loses it.
func (b *Bot) publish(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.Kind, e.At = Said, uptime.Now().UpMS
	p := amqp.Publishing{ContentType: "text/plain", AppId: botApp, Body: []byte(e.Item.Text)}
	history := &b.text
	if e.Item.Type == message {
		if rand.IntN(2) == 0 {
			p.MessageId = fmt.Sprintf("reading:%d of a client with long ids that are not ours", b.n)
		}
	} else {
		history = &b.rule
		p.AppId, p.Type, p.ContentType = "", e.Item.Type, "application/json"
		p.Body, _ = json.Marshal(map[string]any{"by": map[string]string{"id": botID, "name": "Bot"}, "text": e.Item.Text, "to": e.Item.To})
	}
	history.Events = append(history.Events, e)
	b.send(p)
}

// Flood publishes records of a type that nobody knows.
func (b *Bot) Flood() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range floodSize {
		b.send(amqp.Publishing{Type: "reading", ContentType: "application/octet-stream", Body: []byte{21}})
	}
}

// send publishes, and connects if need be. b.mu is held.
func (b *Bot) send(p amqp.Publishing) {
	if b.ch == nil || b.ch.IsClosed() {
		b.hangUp()
		conn, err := amqp.DialConfig(b.url, amqp.Config{Dial: amqp.DefaultDial(time.Second)})
		if err != nil {
			return
		}
		b.conn = conn
		if b.ch, err = conn.Channel(); err != nil {
			b.ch = nil
			return
		}
	}
	b.ch.Publish(exchangeName, "", false, false, p)
}

// Recorded returns what it said and did.
func (b *Bot) Recorded() []History {
	b.mu.Lock()
	defer b.mu.Unlock()
	return []History{b.text, b.rule}
}

func (b *Bot) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hangUp()
}

// hangUp ends the connection, if there is one. b.mu is held.
func (b *Bot) hangUp() {
	if b.conn != nil {
		b.conn.CloseDeadline(time.Now().Add(time.Second))
	}
	b.conn, b.ch = nil, nil
}
