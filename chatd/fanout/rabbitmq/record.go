package rabbitmq

import (
	"bytes"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
)

// Headers of a record, and the one in which RabbitMQ tells its offset.
const (
	headerBoot   = "boot"
	headerUp     = "up_ms"
	headerEpoch  = "epoch"
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

	delivery uint64 // AMQP delivery tag
}

// same reports whether a and b, read at the same offset, are one record.
func same(a, b record) bool {
	return a.Offset == b.Offset && a.mark == b.mark && a.epoch == b.epoch && a.ID == b.ID && a.Type == b.Type &&
		a.ContentType == b.ContentType && a.App == b.App && a.Stamp == b.Stamp && bytes.Equal(a.Body, b.Body)
}

// recordOf reads a delivery. It is for the reader of the record to judge what
// is in it: nothing here makes it unreadable. A body of more than chat.MaxBody
// bytes, which no reader takes, is cut to one byte more, so that it does not
// stay in memory. False: there is no offset, the queue is not a stream.
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
	if len(r.Body) > chat.MaxBody {
		r.Body = bytes.Clone(r.Body[:chat.MaxBody+1])
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
	if r.epoch != "" {
		headers[headerEpoch] = r.epoch
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

// publishable reports what would make the client or the broker drop the
// connection over rec, again and again.
func publishable(rec chat.Record) error {
	const maxShort = 255 // AMQP's short strings
	switch {
	case rec.ID == "":
		return fmt.Errorf("the record has no id, so that it could be shown twice")
	case max(len(rec.ID), len(rec.Type), len(rec.ContentType), len(rec.App), len(rec.Stamp.Boot)) > maxShort:
		return fmt.Errorf("a property of the record has more than %d bytes", maxShort)
	case len(rec.Body) > chat.MaxBody:
		return fmt.Errorf("the body of the record has %d bytes: at most %d are read", len(rec.Body), chat.MaxBody)
	}
	return nil
}
