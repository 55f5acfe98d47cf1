package rabbitmq

import (
	"math"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
)

// Anybody may write any headers. What cannot be a time is none.
func TestStampOfADelivery(t *testing.T) {
	const boot = "5f0c1d7e-8a55-4c0f-9a5e-3b1f0a5d7c11"
	for _, test := range []struct {
		boot, up any
		want     chat.Stamp
	}{
		{boot, int64(123456), chat.Stamp{Boot: boot, UpMS: 123456}},
		{boot, int32(7), chat.Stamp{Boot: boot, UpMS: 7}},
		{boot, int64(math.MaxInt64), chat.Stamp{}},
		{boot, int64(-1), chat.Stamp{}},
		{boot, "7", chat.Stamp{}},
		{boot, nil, chat.Stamp{}},
		{7, int64(7), chat.Stamp{}},
		{nil, int64(7), chat.Stamp{}},
		{"<script>", int64(7), chat.Stamp{}},
		{strings.Repeat("a", 100_000), int64(7), chat.Stamp{}},
	} {
		r, ok := recordOf(amqp.Delivery{Headers: amqp.Table{headerOffset: int64(1), headerBoot: test.boot, headerUp: test.up}})
		if !ok || r.Stamp != test.want {
			t.Errorf("%.50v, %v: %+v", test.boot, test.up, r.Stamp)
		}
	}
}
