package rabbitmq

import (
	"bytes"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
)

// Headers of a record, and the one in which RabbitMQ tells its offset.
const (
	headerBoot   = "boot"
	headerUp     = "up_ms"
	headerEpoch  = "epoch"
	headerSender = "sender"
	headerOffset = "x-stream-offset"
)

// record is a record as the exchange itself sees it.
type record struct {
	chat.Record

	// mark is made by the outbox that published the record and is unlike any
	// other's (AMQP correlation_id). Empty: not from one of our outboxes.
	mark string

	// epoch is the log the publisher believed to write to. Empty: unknown.
	epoch string

	// place is the offset that a kept record stands for, if it is one (placed).
	place  int64
	placed bool

	delivery uint64 // AMQP delivery tag
}

// same reports whether a and b, read at the same offset, are one record.
func same(a, b record) bool {
	return a.Offset == b.Offset && a.mark == b.mark && a.epoch == b.epoch && a.ID == b.ID && a.Sender == b.Sender && a.Type == b.Type &&
		a.ContentType == b.ContentType && a.App == b.App && a.Stamp == b.Stamp && bytes.Equal(a.Body, b.Body)
}

// recordOf reads a delivery. It is for the reader of the record to judge what
// is in it: nothing here makes it unreadable. A body that is larger than any reader
// takes is cut to one byte more, so that it does not stay in memory. False: there is no
// offset, the queue is not a stream.
func recordOf(d amqp.Delivery) (record, bool) {
	offset, ok := integer(d.Headers[headerOffset])
	r := record{
		Record: chat.Record{
			Offset:      offset,
			ID:          d.MessageId,
			Type:        d.Type,
			ContentType: d.ContentType,
			App:         d.AppId,
			Body:        d.Body,
		},
		mark:     d.CorrelationId,
		delivery: d.DeliveryTag,
	}
	if most := chat.MaxBodyOf(r.Type); len(r.Body) > most {
		r.Body = bytes.Clone(r.Body[:most+1])
	}
	if up, isInteger := integer(d.Headers[headerUp]); isInteger {
		boot, _ := d.Headers[headerBoot].(string)
		if s := (chat.Stamp{Boot: boot, UpMS: up}); s.Possible() {
			r.Stamp = s
		}
	}
	if epoch, _ := d.Headers[headerEpoch].(string); chat.ValidID(epoch) {
		r.epoch = epoch
	}
	if sender, _ := d.Headers[headerSender].(string); chat.ValidID(sender) {
		r.Sender = sender
	}
	r.place, r.placed = integer(d.Headers[headerPlace])
	return r, ok
}

// integer reads a header of any of AMQP's integer types.
func integer(header any) (int64, bool) {
	switch n := header.(type) {
	case int64:
		return n, true
	case int32:
		return int64(n), true
	case int16:
		return int64(n), true
	case int8:
		return int64(n), true
	case uint32:
		return int64(n), true
	case uint16:
		return int64(n), true
	case byte:
		return int64(n), true
	}
	return 0, false
}

// publishing returns r as it travels to the broker.
func publishing(r record) amqp.Publishing {
	headers := amqp.Table{}
	if r.Stamp.Known() {
		headers[headerBoot] = r.Stamp.Boot
		headers[headerUp] = r.Stamp.UpMS
	}
	if r.Sender != "" {
		headers[headerSender] = r.Sender
	}
	if r.epoch != "" {
		headers[headerEpoch] = r.epoch
	}
	if r.placed {
		headers[headerPlace] = r.place
	}
	return amqp.Publishing{
		Headers:       headers,
		ContentType:   r.ContentType,
		DeliveryMode:  amqp.Persistent,
		CorrelationId: r.mark,
		MessageId:     r.ID,
		Type:          r.Type,
		AppId:         r.App,
		Body:          r.Body,
	}
}
