package rabbitmq

import (
	"fmt"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/fanout"
)

// alarm is what the broker is short of, in its own words ("low on memory"), or
// empty. While it is short of anything it does not read from connections that
// publish, until it has what it needs again: RabbitMQ documentation, "Memory and
// Disk Alarms". Other connections go on, so that the log can be read.
//
// RabbitMQ says so to a connection when that publishes. The probe comes back all
// the same, so that a life begins as ever; what waits stays in the outbox.
type alarm string

// alarmOf returns what the broker has said of itself last.
func alarmOf(b amqp.Blocking) alarm {
	switch {
	case !b.Active:
		return ""
	case b.Reason == "":
		return "low on something"
	}
	return alarm(b.Reason)
}

// state is what the alarm means to the room, and to its host.
func (a alarm) state() (s fanout.State, why string) {
	if a == "" {
		return fanout.Up, ""
	}
	memory, disk := strings.Contains(string(a), "memory"), strings.Contains(string(a), "disk")
	switch {
	case memory && disk:
		return fanout.Full, "RabbitMQ is short of memory and of disk space. " + mendDisk
	case memory:
		return fanout.Full, "RabbitMQ is short of memory. " + mendMemory
	case disk:
		return fanout.Full, "RabbitMQ is short of disk space. " + mendDisk
	}
	return fanout.Full, fmt.Sprintf("RabbitMQ takes no messages. It says: %.100q.", string(a))
}

// What a host can do.
const (
	mendMemory = "Mostly that passes in seconds. If it does not, restart RabbitMQ (a card: switch it off and on), " +
		"or give it more memory (its vm_memory_high_watermark)."
	mendDisk = "Make room on its disk (a card: keep less, with keep_mb in warren.toml, or take a larger card), " +
		"or let it fill the disk further (its disk_free_limit)."
)

// fullPause is the least time between two lines in the log about alarms: memory
// may come and go by the second.
const fullPause = time.Minute

// tell says how the exchange is, now that it is reached.
func (x *Exchange) tell(h fanout.Handler, a alarm) {
	s, why := a.state()
	if s == fanout.Full {
		metricFull.Set(1)
		if time.Since(x.fullSaid) > fullPause {
			x.fullSaid = time.Now()
			x.log.Warn("the exchange takes no messages now: they wait until it does", "why", why)
		}
	} else {
		metricFull.Set(0)
		x.log.Debug("the exchange takes messages")
	}
	h.State(s, why)
}
