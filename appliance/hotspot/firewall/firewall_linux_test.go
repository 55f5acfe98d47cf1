package firewall

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"warren/appliance/hotspot/nettest"
)

// What a guest finds behind a door.
const (
	open    = "open"
	refused = "refused at once"
	silent  = "silent"
)

// patience is how long to wait for an answer. A new cable takes up to a second
// to carry anything; a datagram is sent when others have got through.
var patience = map[string]time.Duration{"tcp": 2 * time.Second, "udp": 200 * time.Millisecond}

// town is a card with guests at one interface and its host at another.
type town struct{ card, guest, host nettest.Net }

func newTown(t *testing.T) town {
	c := town{card: nettest.New(t), guest: nettest.New(t), host: nettest.New(t)}
	nettest.Cable(t, c.card, "wlan0", c.guest, "phone")
	nettest.Cable(t, c.card, "eth0", c.host, "laptop")
	c.card.Up(t, "wlan0", "10.1.1.1/24", "192.0.2.1/32", "fd00::1/64")
	c.card.Up(t, "eth0", "10.9.9.1/24")
	c.guest.Up(t, "phone", "10.1.1.20/24", "fd00::2/64")
	c.host.Up(t, "laptop", "10.9.9.2/24")
	for net, via := range map[nettest.Net]string{c.guest: "10.1.1.1", c.host: "10.9.9.1"} {
		if out, err := net.Run(t, nettest.Look(t, "ip"), "route", "add", "default", "via", via); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return c
}

func (c town) set(t *testing.T, r Rules) {
	t.Helper()
	var err error
	c.card.Do(t, func() { err = Set(r) })
	if err != nil {
		t.Fatal(err)
	}
}

// serve answers at a port of a namespace, by TCP and by UDP, on all addresses.
func serve(t *testing.T, n nettest.Net, port int) {
	t.Helper()
	var l net.Listener
	var u net.PacketConn
	var err, udpErr error
	n.Do(t, func() {
		l, err = net.Listen("tcp", fmt.Sprintf(":%d", port))
		u, udpErr = net.ListenPacket("udp", fmt.Sprintf(":%d", port))
	})
	if err := errors.Join(err, udpErr); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "hello")
			c.Close()
		}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		var b [16]byte
		for {
			_, from, err := u.ReadFrom(b[:])
			if err != nil {
				return
			}
			u.WriteTo([]byte("hello"), from)
		}
	}()
	t.Cleanup(func() { l.Close(); u.Close(); <-done; <-done })
}

// knock reports what is behind a door, seen from a namespace.
func knock(t *testing.T, from nettest.Net, network, address string) string {
	t.Helper()
	var c net.Conn
	var err error
	from.Do(t, func() { c, err = net.DialTimeout(network, address, patience[network]) })
	if err == nil {
		defer c.Close()
		c.SetDeadline(time.Now().Add(patience[network]))
		if network == "udp" {
			c.Write([]byte("?"))
		}
		_, err = io.ReadFull(c, make([]byte, 5))
	}
	var timeout net.Error
	switch {
	case err == nil:
		return open
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.As(err, &timeout) && timeout.Timeout():
		return silent
	}
	return err.Error()
}

func TestWhatIsOpen(t *testing.T) {
	c := newTown(t)
	c.set(t, Rules{Guests: "wlan0"})
	// All that a card might ever have open, and what is next to it.
	tcp := map[int]bool{53: true, 80: true, 8081: true}
	udp := map[int]bool{53: true, 67: true}
	for _, port := range []int{1, 22, 23, 52, 53, 54, 67, 68, 79, 80, 81, 123, 443, 853, 1080, 1883, 4369, 5353, 5672, 8080, 8081, 8082, 8083, 9090, 15672, 25672, 65535} {
		serve(t, c.card, port)
		for _, address := range []string{"10.1.1.1", "192.0.2.1", "10.9.9.1"} {
			at := fmt.Sprintf("%s:%d", address, port)
			for network, allowed := range map[string]bool{"tcp": tcp[port], "udp": udp[port]} {
				if network == "udp" && address != "10.1.1.1" {
					continue // the answer comes from there
				}
				want := refused
				if allowed {
					want = open
				}
				got := knock(t, c.guest, network, at)
				// The kernel answers an address with an error a second, and a
				// few in advance.
				if got != want && !(network == "udp" && want == refused && got == silent) {
					t.Errorf("a guest finds %s %s %s, want %s", network, at, got, want)
				}
			}
		}
		for _, network := range []string{"tcp", "udp"} {
			if got := knock(t, c.host, network, fmt.Sprintf("10.9.9.1:%d", port)); got != open {
				t.Errorf("the host finds %s port %d %s", network, port, got)
			}
			if got := knock(t, c.card, network, fmt.Sprintf("127.0.0.1:%d", port)); got != open {
				t.Errorf("the card itself finds %s port %d %s", network, port, got)
			}
		}
	}
	if got := knock(t, c.guest, "tcp", "[fd00::1]:8081"); got != silent {
		t.Errorf("a guest finds the chat by IPv6 %s", got)
	}
}

// TestQuicRefused: phones try https by UDP, too (QUIC), and it should fail at
// once.
func TestQuicRefused(t *testing.T) {
	c := newTown(t)
	c.set(t, Rules{Guests: "wlan0"})
	serve(t, c.card, 443)
	if got := knock(t, c.guest, "tcp", "192.0.2.1:443"); got != refused {
		t.Errorf("a guest finds https %s", got)
	}
	if got := knock(t, c.guest, "udp", "192.0.2.1:443"); got != refused {
		t.Errorf("a guest finds QUIC %s", got)
	}
}

// TestInternetDropped: what phones try on an internet is refused at once, or not
// answered, as the rules say; all else is refused in both cases.
func TestInternetDropped(t *testing.T) {
	c := newTown(t)
	for _, drop := range []bool{true, false} {
		c.set(t, Rules{Guests: "wlan0", DropInternet: drop})
		want := refused
		if drop {
			want = silent
		}
		for _, door := range []string{"tcp 192.0.2.1:443", "tcp 10.1.1.1:5223", "udp 192.0.2.1:443"} {
			network, at, _ := strings.Cut(door, " ")
			if got := knock(t, c.guest, network, at); got != want {
				t.Errorf("drop %v: a guest finds %s %s, want %s", drop, door, got, want)
			}
		}
		if got := knock(t, c.guest, "tcp", "10.1.1.1:22"); got != refused {
			t.Errorf("drop %v: a guest finds ssh %s", drop, got)
		}
	}
}

func TestPing(t *testing.T) {
	c := newTown(t)
	c.set(t, Rules{Guests: "wlan0"})
	if out, err := c.guest.Run(t, nettest.Look(t, "busybox"), "ping", "-c", "1", "-W", "2", "10.1.1.1"); err != nil {
		t.Errorf("a guest cannot ping the card: %v: %s", err, out)
	}
}

func TestUpdates(t *testing.T) {
	c := newTown(t)
	serve(t, c.card, UpdatePort)
	at := fmt.Sprintf("10.1.1.1:%d", UpdatePort)
	for _, allowed := range []bool{false, true, false} { // rules replace each other
		c.set(t, Rules{Guests: "wlan0", Updates: allowed})
		want := refused
		if allowed {
			want = open
		}
		if got := knock(t, c.guest, "tcp", at); got != want {
			t.Errorf("updates %v: a guest finds port %d %s", allowed, UpdatePort, got)
		}
	}
}

// TestNothingIsForwarded is about a card that has been told to forward: without
// that the kernel does not.
func TestNothingIsForwarded(t *testing.T) {
	c := newTown(t)
	if out, err := c.card.Run(t, nettest.Look(t, "busybox"), "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	serve(t, c.host, 80)
	serve(t, c.guest, 80)
	if got := knock(t, c.guest, "tcp", "10.9.9.2:80"); got != open {
		t.Fatalf("without a firewall a guest finds the host's laptop %s: this test shows nothing", got)
	}
	c.set(t, Rules{Guests: "wlan0"})
	if got := knock(t, c.guest, "tcp", "10.9.9.2:80"); got != silent {
		t.Errorf("a guest finds the host's laptop %s", got)
	}
	if got := knock(t, c.host, "tcp", "10.1.1.20:80"); got != silent {
		t.Errorf("the host finds a guest %s", got)
	}
}

// TestOwnConnections: what the card itself begins is answered.
func TestOwnConnections(t *testing.T) {
	c := newTown(t)
	serve(t, c.guest, 5672)
	c.set(t, Rules{Guests: "wlan0"})
	if got := knock(t, c.card, "tcp", "10.1.1.20:5672"); got != open {
		t.Errorf("the card finds a broker among the guests %s", got)
	}
}

// TestBeforeTheInterface: the rules hold for an interface that comes later.
func TestBeforeTheInterface(t *testing.T) {
	card, guest := nettest.New(t), nettest.New(t)
	var err error
	card.Do(t, func() { err = Set(Rules{Guests: "wlan0"}) })
	if err != nil {
		t.Fatal(err)
	}
	serve(t, card, 22)
	serve(t, card, 8081)
	nettest.Cable(t, card, "wlan0", guest, "phone")
	card.Up(t, "wlan0", "10.1.1.1/24")
	guest.Up(t, "phone", "10.1.1.20/24")
	if got := knock(t, guest, "tcp", "10.1.1.1:22"); got != refused {
		t.Errorf("a guest finds ssh %s", got)
	}
	if got := knock(t, guest, "tcp", "10.1.1.1:8081"); got != open {
		t.Errorf("a guest finds the chat %s", got)
	}
}

func TestBadName(t *testing.T) {
	for _, name := range []string{"", "sixteen-letters!"} {
		if err := Set(Rules{Guests: name}); err == nil {
			t.Errorf("an interface called %q is taken", name)
		}
	}
}
