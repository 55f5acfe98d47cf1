package load

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"warren/chatd/bench/clock"
)

const (
	// readBuffer is what a client begins with. It is doubled when a read fills it,
	// up to fullBuffer; a larger frame makes it larger.
	readBuffer = 2 << 10
	fullBuffer = 64 << 10

	// maxLatency is the longest that is told apart, in microseconds: the time
	// that a whole run may take, and then some.
	maxLatency = 600_000_000
	digitsKept = 2 // of a latency: it is within 1 %
)

// A client is one connection. One goroutine reads (read), one says (speak).
type client struct {
	number   int
	run      string
	prefix   []byte // of the messages of this run
	protocol protocol
	conn     net.Conn

	buffer     []byte
	begin, end int // of what is read and not handled

	// What it has seen. The reader's, until it has ended.
	ledger  *ledger
	delays  *hdrhistogram.Histogram // microseconds
	sample  sample
	readAt  int64 // when the last read returned
	last    int64 // when the last message came that counts
	bytes   int64 // of the frames that held one, with their headers
	refused int
	closed  string // why the server closed; "": it did not

	events    chan<- event
	signalled bool
	finished  bool
	over      chan struct{} // closed when read has ended
	leaving   atomic.Bool   // it closes by itself
	got       atomic.Int64  // ledger.received
	seen      atomic.Int64  // own messages that came back
	due       atomic.Int64  // own messages that may be said by now
	sent      atomic.Int64
	poke      chan struct{} // capacity 1: seen or due has changed
}

// An event is what a client has come to. Each comes once at most.
type event int

const (
	signalled event = iota // it has seen the signal: what is said now gets to it
	finished               // it has all messages
	ended                  // its connection is closed
)

// A sample is when some messages came: every step-th of all.
type sample struct {
	step  int
	times []int64 // 0: not yet
}

// maxSample is how many messages are in it: enough for a median.
const maxSample = 1000

func newSample(messages int) sample {
	step := (messages + maxSample - 1) / maxSample
	return sample{step, make([]int64, (messages+step-1)/step)}
}

// at returns where the time of a message goes, nil if nowhere.
func (s *sample) at(senders int, m stamp) *int64 {
	if i := m.seq*senders + m.sender; i%s.step == 0 {
		return &s.times[i/s.step]
	}
	return nil
}

// join connects client number and says hello. The client reads nothing else
// until read is called.
func join(ctx context.Context, p protocol, u *url.URL, run string, number int, o *Options, events chan<- event) (*client, error) {
	c := &client{
		number: number, run: run, prefix: []byte(word + run + " "), protocol: p,
		ledger: newLedger(o.Senders, o.Messages),
		delays: hdrhistogram.New(1, maxLatency, digitsKept),
		sample: newSample(o.Senders * o.Messages),
		events: events,
		over:   make(chan struct{}),
		poke:   make(chan struct{}, 1),
	}
	var early []byte
	var err error
	if c.conn, early, err = dial(ctx, p.address(u, run, number), p.subprotocol()); err != nil {
		return nil, err
	}
	c.buffer = append(make([]byte, 0, max(readBuffer, 2*len(early))), early...)
	c.buffer, c.end = c.buffer[:cap(c.buffer)], len(early)
	for step, text := range p.hello(u, run, number) {
		if err := c.ask(step, text); err != nil {
			c.conn.Close()
			return nil, err
		}
	}
	c.conn.SetDeadline(time.Time{})
	return c, nil
}

// ask says text and waits for the answer.
func (c *client) ask(step int, text string) error {
	if _, err := c.conn.Write(appendFrame(nil, opText, []byte(text))); err != nil {
		return err
	}
	for {
		f, err := c.nextFrame()
		if err != nil {
			return fmt.Errorf("wait for the answer to %.12q: %w", text, err)
		}
		if f.opcode != opText && f.opcode != opBinary {
			if err := c.control(f); err != nil {
				return err
			}
		} else if ok, err := c.protocol.answered(step, f.payload); ok || err != nil {
			return err
		}
	}
}

// nextFrame returns the next frame, and reads if it has to.
func (c *client) nextFrame() (frame, error) {
	for {
		f, need, err := parseFrame(c.buffer[c.begin:c.end])
		if err != nil {
			return f, err
		}
		if f.size > 0 {
			c.begin += f.size
			return f, nil
		}
		if err := c.fill(need); err != nil {
			return f, err
		}
	}
}

// fill reads once, into a buffer that has room for need bytes.
func (c *client) fill(need int) error {
	held := c.end - c.begin
	size := len(c.buffer)
	if c.end == size && size < fullBuffer { // the last read filled it
		size *= 2
	}
	if size = max(size, need); size > len(c.buffer) {
		larger := make([]byte, size)
		copy(larger, c.buffer[c.begin:c.end])
		c.buffer = larger
	} else {
		copy(c.buffer, c.buffer[c.begin:c.end])
	}
	c.begin, c.end = 0, held
	n, err := c.conn.Read(c.buffer[held:])
	c.end += n
	c.readAt = clock.Now() // what one read brought came at the same time
	return err
}

var errClosed = errors.New("the server closed the connection")

// control answers a ping, and takes a close.
func (c *client) control(f frame) error {
	switch f.opcode {
	case opPing:
		_, err := c.conn.Write(appendFrame(nil, opPong, f.payload))
		return err
	case opClose:
		c.closed = "no code"
		if len(f.payload) >= 2 {
			c.closed = fmt.Sprintf("%d %.60s", binary.BigEndian.Uint16(f.payload), f.payload[2:])
		}
		return fmt.Errorf("%w: %s", errClosed, c.closed)
	}
	return nil
}

// read takes all that comes, until the connection ends.
func (c *client) read() {
	defer func() {
		c.events <- ended
		close(c.over)
	}()
	for {
		f, err := c.nextFrame()
		if err == nil && f.opcode != opText && f.opcode != opBinary {
			err = c.control(f)
		}
		if err != nil {
			if c.leaving.Load() {
				c.closed = ""
			} else if c.closed == "" {
				c.closed = err.Error()
			}
			return
		}
		c.messages(f)
	}
}

// messages takes the messages that are in one frame.
func (c *client) messages(f frame) {
	at, found, own := c.readAt, false, 0
	var due, n int64 // n messages of that time are not recorded yet
	for s, rest, ok := nextText(f.payload, c.prefix); ok; s, rest, ok = nextText(rest, c.prefix) {
		found = true
		if s.sender == signaller {
			if !c.signalled {
				c.signalled = true
				c.events <- signalled
			}
			continue
		}
		if !c.ledger.take(s.sender, s.seq) {
			continue
		}
		if s.sender == c.number {
			own++
		}
		if t := c.sample.at(len(c.ledger.next), s); t != nil {
			*t = at
		}
		if s.due != due {
			c.record(due, n)
			due, n = s.due, 0
		}
		n++
	}
	c.record(due, n)
	if n > 0 {
		c.last = at
		c.bytes += int64(f.size)
		c.got.Store(int64(c.ledger.received))
		if c.ledger.whole() && !c.finished {
			c.finished = true
			c.events <- finished
		}
	} else if !found && c.protocol.refused(f.payload) {
		c.refused++
	}
	if own > 0 {
		c.seen.Add(int64(own))
		c.prod()
	}
}

// record counts n messages that were due at that time and came with the last
// read.
func (c *client) record(due, n int64) {
	if n > 0 {
		// A value within the histogram's range cannot fail.
		c.delays.RecordValues(min(max((c.readAt-due)/1000, 1), maxLatency), n)
	}
}

// prod lets speak have a look.
func (c *client) prod() {
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

// speak says messages as they become due, while no more than window of them are
// on their way, until all are said, ctx ends or the connection fails.
func (c *client) speak(ctx context.Context, o *Options, s *schedule) {
	var text, said, out []byte
	for seq := 0; seq < o.Messages; {
		if seq >= int(c.due.Load()) || seq-int(c.seen.Load()) >= o.Window {
			select {
			case <-ctx.Done():
				return
			case <-c.poke:
			}
			continue
		}
		m := stamp{c.number, seq, s.at(c.number, seq)}
		text = appendText(text[:0], c.run, m, o.Size)
		said = c.protocol.say(said[:0], c.run, m, text)
		out = appendFrame(out[:0], opText, said)
		if _, err := c.conn.Write(out); err != nil {
			return
		}
		seq++
		c.sent.Store(int64(seq))
	}
}

// signal says the signal, which whoever hears it is in the room for.
func (c *client) signal(size int) error {
	s := stamp{sender: signaller, seq: int(clock.Now()/1000) % maxMessages, due: clock.Now()}
	said := c.protocol.say(nil, c.run, s, appendText(nil, c.run, s, size))
	_, err := c.conn.Write(appendFrame(nil, opText, said))
	return err
}
