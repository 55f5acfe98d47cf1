package dnsmasq

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// A line of the file of leases: when it ends (seconds since 1970, by the card's
// clock; 0: never), hardware address, address, name or *, client's id or *.
//
// ends is zero for never.
func parseLease(line string) (address netip.Addr, ends time.Time, ok bool) {
	f := strings.Fields(line)
	if len(f) != 5 {
		return address, ends, false // the server's own id for IPv6, or half a line
	}
	seconds, err := strconv.ParseUint(f[0], 10, 63)
	if err != nil {
		return address, ends, false
	}
	if seconds > 0 {
		ends = time.Unix(int64(seconds), 0)
	}
	address, err = netip.ParseAddr(f[2])
	return address, ends, err == nil && address.Is4()
}

// maxFile bounds what is read of the file: a line is shorter than 600 bytes (a
// client's id has up to 255 of them), and there are MaxGuests.
const maxFile = 256 << 10

// Pool is the addresses that guests may have.
type Pool struct {
	Used int // addresses that are lent, of MaxGuests

	// Free is when the next of them is free again, if no guest asks for longer;
	// zero if none is lent.
	Free time.Time
}

// ReadPool returns how the pool is, by the file of leases. A guest that has left
// keeps its address until its time is over. No file means that none is lent.
//
// dnsmasq forgets an address that is free again when the next guest asks, and
// until then it is in the file: it does not count.
func ReadPool(file string, now time.Time) (p Pool, err error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("see who has an address: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(io.LimitReader(f, maxFile))
	for lines.Scan() {
		_, ends, ok := parseLease(lines.Text())
		if !ok || !ends.IsZero() && !ends.After(now) {
			continue
		}
		p.Used++
		if !ends.IsZero() && (p.Free.IsZero() || ends.Before(p.Free)) {
			p.Free = ends
		}
	}
	if err := lines.Err(); err != nil {
		return Pool{}, fmt.Errorf("see who has an address: %w", err)
	}
	return p, nil
}

// How long an address is lent. A guest of a talk keeps it while it is in another
// room for a while. Where many pass by, as at a gate, LongLease is 115 an hour
// and then nobody gets in; ShortLease is 924, and costs each phone a few packets
// every seven minutes.
const (
	LongLease  = 2 * time.Hour
	ShortLease = 15 * time.Minute

	minLease = 2 * time.Minute // dnsmasq's
)

// LeaseTime returns for how long addresses are to be lent when so many are, if
// they were lent for some time until now. It is shorter when less than a quarter
// is left, and longer again when half is.
func LeaseTime(until time.Duration, used int) time.Duration {
	switch {
	case MaxGuests-used < MaxGuests/4:
		return ShortLease
	case used < MaxGuests/2:
		return LongLease
	}
	return until
}
