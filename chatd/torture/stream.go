package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Names on the broker, as docs/protocol.md has them.
const (
	exchangeName = "chat"
	streamName   = "chat.log"
)

// endType is the type of the record that a reader puts behind all others, to know
// where the log ends: a reader of a stream is not told. chatd skips it.
const endType = "torture-end"

// readStream reads the whole log from RabbitMQ itself.
func readStream(ctx context.Context, url string) (log []Record, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read the log from RabbitMQ: %w", err)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := amqp.Dial(url)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		return nil, err
	}
	end := fmt.Sprintf("end-%d", time.Now().UnixNano())
	err = ch.PublishWithContext(ctx, exchangeName, "", false, false, amqp.Publishing{Type: endType, MessageId: end, ContentType: "application/json", Body: []byte("{}")})
	if err != nil {
		return nil, err
	}
	if err := ch.Qos(500, 0, false); err != nil { // streams want one
		return nil, err
	}
	deliveries, err := ch.ConsumeWithContext(ctx, streamName, "", false, false, false, false, amqp.Table{"x-stream-offset": "first"})
	if err != nil {
		return nil, err
	}
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("its end did not come: %w", context.Cause(ctx))
		case d, ok := <-deliveries:
			if !ok {
				return nil, fmt.Errorf("the broker has ended it after %d records", len(log))
			}
			if err := d.Ack(false); err != nil {
				return nil, err
			}
			if d.Type == endType && d.MessageId == end {
				return log, nil
			}
			offset, _ := d.Headers["x-stream-offset"].(int64)
			boot, _ := d.Headers["boot"].(string)
			up, _ := d.Headers["up_ms"].(int64)
			log = append(log, newRecord(offset, d.MessageId, d.Type, d.ContentType, d.AppId, boot, up, d.Body))
		}
	}
}

// keep writes the log to a file, to be looked at.
func keep(log []Record, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	enc := json.NewEncoder(f)
	for _, r := range log {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return f.Close()
}
