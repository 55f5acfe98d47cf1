package fanout

import (
	"errors"
	"fmt"

	"warren/chatd/chat"
)

// MaxShort is the most bytes that an id, a type and the like may have: that of
// AMQP's short strings.
const MaxShort = 255

// Check reports what Publish refuses of rec: what could be shown twice, or makes an
// AMQP client or a broker drop the connection, again and again.
func Check(rec chat.Record) error {
	most := chat.MaxBodyOf(rec.Type)
	switch {
	case rec.ID == "":
		return errors.New("the record has no id, so that it could be shown twice")
	case max(len(rec.ID), len(rec.Sender), len(rec.Type), len(rec.ContentType), len(rec.App), len(rec.Stamp.Boot)) > MaxShort:
		return fmt.Errorf("a property of the record has more than %d bytes", MaxShort)
	case len(rec.Body) > most:
		return fmt.Errorf("the body of the record has %d bytes: of type %.50q at most %d are read", len(rec.Body), rec.Type, most)
	}
	return nil
}
