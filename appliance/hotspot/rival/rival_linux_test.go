package rival

import (
	"context"
	"errors"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"warren/appliance/hotspot/nettest"
)

func find(t *testing.T, ctx context.Context, n nettest.Net) (server netip.Addr, found bool, err error) {
	t.Helper()
	n.Do(t, func() { server, found, err = Find(ctx, "eth0") })
	return server, found, err
}

// TestFind looks for a real DHCP server, one that takes its time.
func TestFind(t *testing.T) {
	card, lan := nettest.New(t), nettest.New(t)
	nettest.Cable(t, card, "eth0", lan, "router")
	card.Up(t, "eth0")
	lan.Up(t, "router", "192.168.7.1/24")
	if testing.Short() {
		t.Log("not looking at a network without a server: it takes 9 s")
	} else if server, found, err := find(t, t.Context(), card); found || err != nil {
		t.Errorf("in a network without a server: %v, %v, %v", server, found, err)
	}
	lan.Start(t, exec.Command(nettest.Look(t, "dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=router", "--bind-dynamic",
		"--dhcp-range=192.168.7.100,192.168.7.200,1h", "--dhcp-leasefile=/dev/null", "--pid-file=", "--user=nobody"))
	for deadline := time.Now().Add(30 * time.Second); ; {
		server, found, err := find(t, t.Context(), card)
		if found && server == netip.MustParseAddr("192.168.7.1") && err == nil {
			break
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("with a server: %v, %v, %v", server, found, err)
		}
	}
}

// TestCannotLook: no answer is not taken for no server if nobody could have
// heard it.
func TestCannotLook(t *testing.T) {
	card, lan := nettest.New(t), nettest.New(t)
	if _, found, err := find(t, t.Context(), card); found || err == nil {
		t.Errorf("on an interface that is not there: %v, %v", found, err)
	}
	nettest.Cable(t, card, "eth0", lan, "router")
	if _, found, err := find(t, t.Context(), card); found || err == nil {
		t.Errorf("on an interface that is off: %v, %v", found, err)
	}
	card.Up(t, "eth0")
	lan.Up(t, "router")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, found, err := find(t, ctx, card); found || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("when asked to end: %v, %v", found, err)
	}
}
