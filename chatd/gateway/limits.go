package gateway

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bound what one phone and one address may ask for. Zero means no
// limit.
type Limits struct {
	// MessageRate is messages a second of one device, with a burst of
	// messageBurst seconds' worth; an address may send addressDevices times
	// that.
	MessageRate float64

	// AddressConnections is WebSockets of one address (of one /64 for IPv6).
	// It may have as many TCP connections again for all else, and may ask for
	// connectionRequests a second on each, with a burst of messageBurst
	// seconds' worth.
	AddressConnections int

	// Connections is WebSockets in total. There may be spareConnections TCP
	// connections more.
	Connections int
}

// DefaultLimits: five messages a second are more than anybody types, with a
// burst for a paste of several; a phone has one connection, a laptop some
// tabs; 2,048 idle connections take about 25 MB.
var DefaultLimits = Limits{MessageRate: 5, AddressConnections: 32, Connections: 2048}

const (
	messageBurst = 4 // seconds

	// A phone of its own address is the normal case; ten devices behind one
	// address are a laptop that shares its connection.
	addressDevices = 10

	// The page is some 30 files. With this many requests a second for each
	// WebSocket, and the burst, as many browsers as an address may have can
	// all open it at once.
	connectionRequests = 8

	// Who watches asks every few seconds, and each answer takes a millisecond
	// of the processor or more.
	metricsRate = 10

	// Everything a client may send besides messages: typing every two
	// seconds, pings, a change of name, scrolling up. A second's worth of it,
	// and the burst of a page that just woke up.
	requestRate  = 10
	requestBurst = 40

	// Who was refused this often, and goes on faster than it is forgiven, is
	// not a person.
	patienceRate  = 20
	patienceBurst = 500

	// maxBuckets is how many devices and addresses are remembered: more than
	// a hall of people. Beyond it, those that used nothing lately are
	// forgotten first.
	maxBuckets = 4096
)

// buckets are token buckets by device or address.
type buckets struct {
	rate  rate.Limit
	burst int

	mu sync.Mutex
	by map[string]*rate.Limiter
}

// newBuckets returns buckets of perSecond tokens a second; of no limit if that
// is zero.
func newBuckets(perSecond float64) *buckets {
	if perSecond <= 0 {
		return &buckets{rate: rate.Inf}
	}
	return &buckets{rate: rate.Limit(perSecond), burst: max(1, int(perSecond*messageBurst)), by: make(map[string]*rate.Limiter)}
}

// take takes a token of key. If there is none it returns how long to wait.
func (b *buckets) take(key string) (wait time.Duration) {
	if b.rate == rate.Inf {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.by[key]
	if l == nil {
		if len(b.by) >= maxBuckets {
			b.forget()
		}
		l = rate.NewLimiter(b.rate, b.burst)
		b.by[key] = l
	}
	return takeFrom(l)
}

// takeFrom takes a token, or returns how long it takes until there is one.
func takeFrom(l *rate.Limiter) (wait time.Duration) {
	r := l.Reserve()
	if wait = r.Delay(); wait > 0 {
		r.Cancel()
	}
	return wait
}

// forget drops full buckets: a new one would be the same. If nearly all are in
// use it drops any, and forgives some, rather than grow: a tenth at once, because
// to look at all of them takes as long as hundreds of messages. b.mu is held.
func (b *buckets) forget() {
	for key, l := range b.by {
		if l.Tokens() >= float64(b.burst) {
			delete(b.by, key)
		}
	}
	for key := range b.by {
		if len(b.by) <= maxBuckets*9/10 {
			return
		}
		delete(b.by, key)
	}
}

// seats count connections by address and in total, and know how many there may
// be; 0: any number.
type seats struct {
	perAddress, inAll int

	mu        sync.Mutex
	total     int
	byAddress map[string]int
}

func newSeats(perAddress, inAll int) *seats {
	return &seats{perAddress: perAddress, inAll: inAll, byAddress: make(map[string]int)}
}

// take takes a seat for address; addressFull says why not.
func (s *seats) take(address string) (ok, addressFull bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.perAddress > 0 && s.byAddress[address] >= s.perAddress {
		return false, true
	}
	if s.inAll > 0 && s.total >= s.inAll {
		return false, false
	}
	s.total++
	s.byAddress[address]++
	return true, false
}

func (s *seats) leave(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.byAddress[address]--; s.byAddress[address] == 0 {
		delete(s.byAddress, address)
	}
}

// addressOf is what limits by address count as one: the address, or the /64
// that an IPv6 device picks its addresses from.
func addressOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
