package rabbitmq

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/fanout"
)

// A question goes to all daemons by the exchange for presence, without a body: other
// programs there, and daemons that know no questions, find nothing in it. It names a queue of its
// sender's own, to which the answers go by the default exchange.

// headerAsk is the name that is asked for.
const headerAsk = "ask"

// Limits of questions.
const (
	// maxAsks are under way at a time, of one daemon: others wait. Two answers of
	// 512 KiB are a fifth of a second of a slow radio between two cards.
	maxAsks = 2

	// maxQuestions of others wait to be answered; more are dropped, and asked again by
	// whoever still wants to know.
	maxQuestions = 16

	// askTime bounds one Ask, answerTime its waiting for an answer, which takes
	// milliseconds; from a slow card over a busy radio, a second.
	askTime    = 5 * time.Second
	answerTime = 2 * time.Second

	// answerBytes is how much waits at the broker for a daemon that is slow to take it: the
	// answers of two other daemons, with their properties. The oldest are dropped.
	answerBytes = maxAsks * (fanout.MaxAnswer + 4<<10)
)

// question is one as it travels.
type question struct{ name, id, replyTo string }

// asks are the questions of this daemon that are under way.
type asks struct {
	queue string // that the answers go to

	mu   sync.Mutex
	wait map[string]chan []byte // by id
}

// Ask implements fanout.Exchange. A name has at most 255 bytes.
func (x *Exchange) Ask(ctx context.Context, name string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askTime, fanout.ErrAway)
	defer cancel()
	if len(name) > fanout.MaxShort {
		return nil, fanout.ErrNone
	}
	select {
	case x.askers <- struct{}{}:
		defer func() { <-x.askers }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	l := x.life.Load()
	if l == nil {
		return nil, fanout.ErrAway
	}
	q := question{name, rand.Text(), l.asks.queue}
	answer := l.asks.add(q.id)
	defer l.asks.remove(q.id)
	late := time.NewTimer(answerTime)
	defer late.Stop()
	select {
	case x.asking <- q: // there is room for as many as are under way
	default:
		return nil, fanout.ErrAway
	}
	select {
	case body := <-answer:
		return body, nil
	case <-late.C:
		return nil, fanout.ErrNone
	case <-l.over:
		return nil, fanout.ErrAway
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (a *asks) add(id string) <-chan []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer := make(chan []byte, 1)
	a.wait[id] = answer
	return answer
}

func (a *asks) remove(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.wait, id)
}

// take passes on an answer to a question that was asked; the first counts.
func (a *asks) take(id string, body []byte) {
	if len(body) > fanout.MaxAnswer {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if answer, asked := a.wait[id]; asked {
		answer <- body
		delete(a.wait, id)
	}
}

// hearAnswers makes the queue for answers, which goes with the connection, and takes
// what comes until the connection is closed.
func (x *Exchange) hearAnswers(l *life) error {
	ch, err := l.side.Channel()
	if err != nil {
		return err
	}
	q, err := ch.QueueDeclare("", false, true, true, false, amqp.Table{
		amqp.QueueMaxLenBytesArg: int64(answerBytes),
		amqp.QueueOverflowArg:    amqp.QueueOverflowDropHead,
		amqp.QueueMessageTTLArg:  answerTime.Milliseconds(),
	})
	if err != nil {
		return err
	}
	// With acks, so that what comes too fast waits at the broker, where it is bounded.
	if err := ch.Qos(1, 0, false); err != nil {
		return err
	}
	deliveries, err := ch.Consume(q.Name, "", false, true, false, false, nil)
	if err != nil {
		return err
	}
	l.asks = asks{queue: q.Name, wait: make(map[string]chan []byte)}
	go func() {
		for d := range deliveries {
			l.asks.take(d.CorrelationId, d.Body)
			d.Ack(false) // an error shows as the end of the deliveries
		}
	}()
	return nil
}

// heardQuestion takes a question from the exchange for presence; what is none, or this
// daemon's own, is nothing.
func (l *life) heardQuestion(d amqp.Delivery) {
	name, _ := d.Headers[headerAsk].(string)
	if name == "" || len(name) > fanout.MaxShort || d.ReplyTo == "" || d.ReplyTo == l.asks.queue {
		return
	}
	select {
	case l.questions <- question{name, d.CorrelationId, d.ReplyTo}:
	default:
	}
}

// answer answers the questions of others until ctx ends.
func (x *Exchange) answer(ctx context.Context, l *life, h fanout.Handler) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case q := <-l.questions:
			if *l.alarm.Load() != "" {
				continue // it would not get there
			}
			body := h.Asked(q.name)
			if body == nil || len(body) > fanout.MaxAnswer {
				continue
			}
			if err := l.answers.Publish("", q.replyTo, false, false, amqp.Publishing{CorrelationId: q.id, Body: body}); err != nil {
				return err
			}
		}
	}
}

// published returns q as it travels to the broker.
func (q question) published() amqp.Publishing {
	return amqp.Publishing{
		Headers:       amqp.Table{headerAsk: q.name},
		CorrelationId: q.id,
		ReplyTo:       q.replyTo,
		Expiration:    strconv.FormatInt(answerTime.Milliseconds(), 10),
	}
}
