package load

import (
	"fmt"
	"net/url"
	"time"
)

// Options say what a run is.
type Options struct {
	URLs        []string // of the servers, ws:// or wss://; clients take them in turn
	Protocol    string   // one of Protocols
	Destination string   // of stomp only

	Clients  int     // who all receive
	Senders  int     // how many of them send; 0: all
	Messages int     // of each sender
	Size     int     // of a message, in bytes: from MinSize
	Rate     float64 // messages a second of each sender; 0: flat out

	// Window is how many of its own messages a client may have on their way: it
	// sends the next when one has come back. 0: what DefaultWindow says.
	Window int

	Processes int           // to divide the clients among; 0: one per 2,000
	Quiet     time.Duration // the run is given up when nothing came for so long; 0: 10 s
	Limit     time.Duration // or when it takes longer than that; 0: an hour
}

// underWay is how many messages all clients together have on their way, at most:
// what the servers that are compared take without refusing. chatd's outbox
// holds 10,000.
const underWay = 8000

// DefaultWindow is the same for all servers, and enough for none of them to
// wait for the clients.
func DefaultWindow(senders int) int { return max(1, underWay/senders) }

// perProcess is how many clients one process has: more, and its own memory and
// scheduling would be measured.
const perProcess = 2000

// complete checks o and fills in what is 0.
func (o *Options) complete() error {
	if o.Senders == 0 {
		o.Senders = o.Clients
	}
	if o.Processes == 0 {
		o.Processes = (o.Clients + perProcess - 1) / perProcess
	}
	if o.Quiet == 0 {
		o.Quiet = 10 * time.Second
	}
	if o.Limit == 0 {
		o.Limit = time.Hour
	}
	if len(o.URLs) == 0 {
		return fmt.Errorf("there is no URL: it looks like ws://host:8081/websocket")
	}
	for _, text := range o.URLs {
		if u, err := url.Parse(text); err != nil || u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" {
			return fmt.Errorf("the URL is %.100q: it must look like ws://host:8081/websocket", text)
		}
	}
	if o.Destination == "" {
		o.Destination = StompDestination
	}
	if _, err := protocolOf(o.Protocol, o.Destination); err != nil {
		return err
	}
	for _, n := range []struct {
		what            string
		is, least, most int
	}{
		{"clients", o.Clients, 1, maxClients},
		{"senders", o.Senders, 1, o.Clients},
		{"messages", o.Messages, 1, maxMessages},
		{"bytes of a message", o.Size, MinSize, 1 << 20},
		{"processes", o.Processes, 1, o.Clients},
	} {
		if n.is < n.least || n.is > n.most {
			return fmt.Errorf("the number of %s is %d: it must be from %d to %d", n.what, n.is, n.least, n.most)
		}
	}
	if o.Rate < 0 || o.Rate > 1e6 {
		return fmt.Errorf("the rate is %g: it must be from 0 to 1,000,000 messages a second", o.Rate)
	}
	if o.Window < 0 {
		return fmt.Errorf("the window is %d: it must not be negative", o.Window)
	}
	if o.Window == 0 {
		o.Window = DefaultWindow(o.Senders)
	}
	return nil
}
