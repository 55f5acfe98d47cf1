package nettest

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"golang.org/x/sync/errgroup"
)

// Lease asks for an address as a phone of that number, which has a hardware
// address of its own, through an interface that stands for all of them, and
// returns what DHCP gives. The interface does not get it.
func Lease(t testing.TB, n Net, name string, phone int) (address string, err error) {
	t.Helper()
	hardware := net.HardwareAddr{2, 0, 0, 1, byte(phone >> 8), byte(phone)}
	n.Do(t, func() {
		var client *nclient4.Client
		client, err = nclient4.New(name, nclient4.WithHWAddr(hardware), nclient4.WithTimeout(500*time.Millisecond), nclient4.WithRetry(3))
		if err != nil {
			return
		}
		defer client.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for {
			var lease *nclient4.Lease
			// The answer must come by broadcast: the interface has another
			// hardware address.
			if lease, err = client.Request(ctx, dhcpv4.WithBroadcast(true)); err == nil {
				address = lease.ACK.YourIPAddr.String()
			}
			// What two were offered at once one of them gets, and the other asks
			// again.
			if !errors.As(err, new(*nclient4.ErrNak)) {
				return
			}
		}
	})
	return address, err
}

// Leases has phones of these numbers ask for addresses, some at a time, and
// returns what they are given.
func Leases(t testing.TB, n Net, name string, first, last int) map[int]string {
	t.Helper()
	var mu sync.Mutex
	all := map[int]string{}
	var g errgroup.Group
	g.SetLimit(16)
	for phone := first; phone <= last; phone++ {
		g.Go(func() error {
			address, err := Lease(t, n, name, phone)
			mu.Lock()
			defer mu.Unlock()
			all[phone] = address
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Errorf("phones %d to %d: %v", first, last, err)
	}
	return all
}
