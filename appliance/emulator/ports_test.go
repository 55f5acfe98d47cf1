package emulator

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wantedPorts are the TCP ports on which a card answers: what leads to the room,
// the room, and updates.
var wantedPorts = []int{80, RoomPort, 8082}

// namespace is in the environment of a test that is in a network namespace of
// its own.
const namespace = "WARREN_TEST_NAMESPACE"

// A card that is plugged into somebody's network answers on the ports that it
// needs, and on no other: not RabbitMQ, nor Erlang's port mapper, nor gokrazy's
// own pages. All TCP ports are tried; of UDP, which has to be asked slowly, those
// that systems like to have open.
func TestPorts(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	if os.Getenv(namespace) == "" {
		inNamespace(t)
		return
	}
	tap := newTap(t)
	m, _ := boot(t, newCard(t, ImageForTest(t), 0), Options{Tap: tap})
	if open := scanTCP(t, tap.Address); !slices.Contains(open, RoomPort) || slices.ContainsFunc(open, func(p int) bool { return !slices.Contains(wantedPorts, p) }) {
		t.Errorf("the card listens on TCP %v, and should on %v", open, wantedPorts)
	}
	for _, port := range []int{53, 67, 68, 69, 111, 123, 137, 161, 514, 546, 1900, 4369, 5353, 5672, 8080, 8081, 25672} {
		if err := closedUDP(t, tap.Address, port); err != nil {
			t.Errorf("UDP port %d does not say that it is closed: %v", port, err)
		}
	}
	if err := m.Await(t.Context(), "readyz"); err != nil {
		t.Errorf("after that: %v", err)
	}
}

// inNamespace runs the test again in a network namespace of its own, in which it
// may do anything, also without being root.
func inNamespace(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), namespace+"=yes", "WARREN_TEST_IMAGE="+ImageForTest(t))
	id := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = id(os.Getuid()), id(os.Getgid())
	}
	runtime.LockOSThread() // with which it dies
	defer runtime.UnlockOSThread()
	out, err := cmd.CombinedOutput()
	t.Logf("in a namespace:\n%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

// newTap makes a network with a DHCP server.
func newTap(t *testing.T) *Tap {
	t.Helper()
	const name, own, cards = "warren", "10.99.0.1", "10.99.0.2"
	device, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	ifr.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(int(device.Fd()), unix.TUNSETIFF, ifr); err != nil {
		t.Fatalf("make a tap device: %v", err)
	}
	for _, args := range [][]string{{"address", "add", own + "/24", "dev", name}, {"link", "set", name, "up"}, {"link", "set", "lo", "up"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v: %s", args, err, out)
		}
	}
	dhcp := exec.Command("/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--pid-file=",
		"--port=0", "--interface="+name, "--bind-interfaces", "--leasefile-ro", "--no-ping",
		"--dhcp-authoritative", "--dhcp-range="+cards+","+cards+",255.255.255.0")
	dhcp.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // with which it dies
	if err := dhcp.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dhcp.Process.Kill()
		dhcp.Wait()
	})
	return &Tap{Device: device, Address: cards}
}

// scanTCP tries all TCP ports, and returns those that are open.
func scanTCP(t *testing.T, address string) (open []int) {
	t.Helper()
	begun := time.Now()
	ports := make(chan int)
	var mu sync.Mutex
	silent := 0
	var g sync.WaitGroup
	for range 64 {
		g.Go(func() {
			for port := range ports {
				conn, err := net.DialTimeout("tcp", net.JoinHostPort(address, strconv.Itoa(port)), 5*time.Second)
				mu.Lock()
				switch {
				case err == nil:
					conn.Close()
					open = append(open, port)
				case !errors.Is(err, syscall.ECONNREFUSED):
					silent++
				}
				mu.Unlock()
			}
		})
	}
	for port := 1; port < 1<<16; port++ {
		ports <- port
	}
	close(ports)
	g.Wait()
	slices.Sort(open)
	t.Logf("TCP ports %v are open, %d did not answer; all were tried in %v", open, silent, time.Since(begun).Round(time.Second))
	return open
}

// closedUDP returns nil if a UDP port says that it is closed. The kernel says
// that about once a second.
func closedUDP(t *testing.T, address string, port int) error {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), uint16(port))))
	if err != nil {
		return err
	}
	defer conn.Close()
	for range 20 {
		if _, err := conn.Write([]byte("hello")); errors.Is(err, syscall.ECONNREFUSED) {
			return nil
		}
		conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		switch _, err := conn.Read(make([]byte, 64)); {
		case errors.Is(err, syscall.ECONNREFUSED):
			return nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return errors.New("it answers")
		}
	}
	return context.DeadlineExceeded
}
