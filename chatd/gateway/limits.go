package gateway

import (
	"maps"
	"net"
	"net/netip"
	"slices"
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
// tabs; 2,048 idle connections take some 40 MB, garbage included.
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
	// a hall of people. Beyond it, those that used least lately are forgotten,
	// and none that has to wait.
	maxBuckets = 4096
)

// buckets are token buckets by device or address. Of each is remembered when it
// will be full again, which says at any time how many tokens it has (the "virtual
// scheduling" of ITU-T I.371).
type buckets struct {
	rate  rate.Limit // tokens a second; rate.Inf: no limit
	burst int

	mu    sync.Mutex
	full  map[string]time.Time
	again time.Time // when forget looks again
}

// newBuckets returns buckets of perSecond tokens a second; of no limit if that
// is zero.
func newBuckets(perSecond float64) *buckets {
	if perSecond <= 0 {
		return &buckets{rate: rate.Inf}
	}
	return &buckets{rate: rate.Limit(perSecond), burst: max(1, int(perSecond*messageBurst))}
}

// take takes a token of key. If there is none it returns how long to wait.
func (b *buckets) take(key string) (wait time.Duration) { return b.look(key, b.token()) }

// wait returns what take would, and takes nothing.
func (b *buckets) wait(key string) (wait time.Duration) { return b.look(key, 0) }

// token is the time in which a token comes.
func (b *buckets) token() time.Duration {
	return time.Duration(float64(time.Second) / float64(b.rate))
}

// crowd is the bucket of all whom nothing is known of while there is no place to
// remember them, because all who are remembered have to wait. They share it, and
// are not sent away, so that nobody is kept out for good by many others; and it
// does not take long: in the time of one token a bucket can be forgotten again.
const crowd = ""

// look returns how long key has to wait for a token; if it need not, its bucket
// is full again by cost later than it would be.
func (b *buckets) look(key string, cost time.Duration) (wait time.Duration) {
	if b.rate == rate.Inf {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	full, known := b.full[key]
	if !known && len(b.full) >= maxBuckets && !b.forget(now) {
		key, full = crowd, b.full[crowd]
	}
	if full.Before(now) {
		full = now
	}
	if wait = full.Sub(now) - b.spent(); wait > 0 {
		return wait
	}
	if cost > 0 {
		if b.full == nil {
			b.full = make(map[string]time.Time)
		}
		b.full[key] = full.Add(cost)
	}
	return 0
}

// spent is how long a bucket takes to be full that has just one token.
func (b *buckets) spent() time.Duration { return time.Duration(b.burst-1) * b.token() }

// forgetPause is for newcomers that come faster than others can be forgotten: to
// look at all takes as long as hundreds of messages.
const forgetPause = 100 * time.Millisecond

// forget makes room, and reports whether there is some. It forgets full buckets: a
// new one would be the same. If those are less than a tenth, the fullest others go,
// which forgives little; but none that has no token, for then whoever has to wait
// could come back as new. b.mu is held.
func (b *buckets) forget(now time.Time) bool {
	if now.Before(b.again) {
		return false
	}
	fulls := slices.SortedFunc(maps.Values(b.full), time.Time.Compare)
	last := fulls[len(fulls)/10]
	if last.Before(now) {
		last = now
	}
	if limit := now.Add(b.spent()); last.After(limit) {
		last, b.again = limit, now.Add(forgetPause)
	}
	maps.DeleteFunc(b.full, func(_ string, full time.Time) bool { return !full.After(last) })
	return len(b.full) < maxBuckets
}

// takeFrom takes a token, or returns how long it takes until there is one.
func takeFrom(l *rate.Limiter) (wait time.Duration) {
	r := l.Reserve()
	if wait = r.Delay(); wait > 0 {
		r.Cancel()
	}
	return wait
}

// spend takes what a message costs from what the device may send and from what its
// address may: from both or from neither, and then it returns how long to wait. A
// device that floods does not use up what the others at its address may send. And
// one is remembered only if its address may send: so an address cannot fill the
// table with devices that it makes up, faster than they are full again.
func (g *Gateway) spend(device, address string) (wait time.Duration) {
	if wait = g.devices.wait(device); wait > 0 {
		return wait
	}
	if wait = g.addresses.take(address); wait > 0 {
		return wait
	}
	return g.devices.take(device)
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
