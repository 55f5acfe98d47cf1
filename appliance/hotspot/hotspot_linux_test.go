package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"warren/appliance/hotspot/nettest"
	"warren/chatd/daemon"
)

// asDaemon has a process of the tests be the daemon. Its value is how long the
// card stays a guest where it found another DHCP server.
const asDaemon = "WARREN_TEST_HOTSPOT"

func TestMain(m *testing.M) {
	if v := os.Getenv(asDaemon); v != "" {
		rivalPause, _ = time.ParseDuration(v)
		daemon.Main(run)
	}
	os.Exit(m.Run())
}

// card is the daemon in a network of its own, with a guest beside it.
type card struct {
	nettest.Net
	guest nettest.Net
	dir   string
	cmd   *exec.Cmd
}

// newCard starts the daemon with an interface called name, to which a guest's
// interface phone is cabled.
func newCard(t *testing.T, name string, flags ...string) *card {
	t.Helper()
	// A path short enough for a socket: 108 bytes, unix(7).
	dir, err := os.MkdirTemp("", "hotspot")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := &card{Net: nettest.New(t), guest: nettest.New(t), dir: dir}
	nettest.Cable(t, c.Net, name, c.guest, "phone")
	c.cmd = exec.Command(os.Args[0], append([]string{
		"-run=" + dir, "-interface=" + name, "-log-level=debug", "-dnsmasq-user=nobody", "-uplink=",
		"-hostapd=" + nettest.Look(t, "hostapd"), "-dnsmasq=" + nettest.Look(t, "dnsmasq"),
	}, flags...)...)
	c.cmd.Env = append(os.Environ(), asDaemon+"=2s")
	c.cmd.Stderr = t.Output()
	return c
}

// state returns what the daemon tells the others; nothing, at first.
func (c *card) state() (s state) {
	b, err := os.ReadFile(filepath.Join(c.dir, "hotspot.state"))
	if err == nil {
		json.Unmarshal(b, &s)
	}
	return s
}

// await waits until the daemon tells what is expected.
func (c *card) await(t *testing.T, what string, ok func(state) bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(c.state()); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: after a minute the state is %+v", what, c.state())
		}
	}
}

func isUp(s state) bool { return s.State == up }

// child returns the process of the daemon's that runs a program.
func (c *card) child(t *testing.T, program string) int {
	t.Helper()
	found := 0
	eventually(t, "a process "+program, func() bool {
		files, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, file := range files {
			b, _ := os.ReadFile(file)
			// PID (NAME) STATE PARENT …, proc_pid_stat(5)
			head, tail, _ := strings.Cut(string(b), ") ")
			pid, name, _ := strings.Cut(head, " (")
			if f := strings.Fields(tail); name == program && len(f) > 1 && f[0] != "Z" && f[1] == strconv.Itoa(c.cmd.Process.Pid) {
				found, _ = strconv.Atoi(pid)
				return true
			}
		}
		return false
	})
	return found
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what + ": not so after a minute")
		}
	}
}

// join has a real DHCP client get an address for the guest.
func (c *card) join(t *testing.T) {
	t.Helper()
	c.guest.Up(t, "phone")
	if out, err := dhcpClient(t, c.guest, "phone"); err != nil {
		t.Fatalf("the guest gets no address: %v: %s", err, out)
	}
}

// udhcpc's script: what the client is to do with an address.
const script = `#!/bin/sh
[ "$1" = bound ] || exit 0
busybox ip address replace "$ip/$mask" dev "$interface"
`

func dhcpClient(t *testing.T, n nettest.Net, name string) (string, error) {
	t.Helper()
	return n.Run(t, nettest.Look(t, "busybox"), "udhcpc", "-i", name, "-s", program(t, "script", script), "-n", "-q", "-t", "10", "-T", "1")
}

func program(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// addresses returns the IPv4 addresses of an interface.
func addresses(t *testing.T, n nettest.Net, name string) string {
	t.Helper()
	var all []string
	n.Do(t, func() {
		i, err := net.InterfaceByName(name)
		if err != nil {
			t.Error(err)
			return
		}
		list, _ := i.Addrs()
		for _, a := range list {
			if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil {
				all = append(all, a.String())
			}
		}
	})
	return strings.Join(all, " ")
}

// tell says something to hostapd, as hostapd_cli would.
func (c *card) tell(t *testing.T, name, command string) {
	t.Helper()
	local := filepath.Join(c.dir, "tell")
	defer os.Remove(local)
	s, err := net.DialUnix("unixgram", &net.UnixAddr{Name: local, Net: "unixgram"},
		&net.UnixAddr{Name: filepath.Join(c.dir, "hotspot/hostapd", name), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.SetDeadline(time.Now().Add(5 * time.Second))
	answer := make([]byte, 100)
	_, err = s.Write([]byte(command))
	n := 0
	if err == nil {
		n, err = s.Read(answer)
	}
	if err != nil || string(answer[:n]) != "OK\n" {
		t.Fatalf("%s: %q, %v", command, answer[:n], err)
	}
}

// TestWiFi is about everything but the air: the real hostapd runs without a
// radio and is told of phones by hand.
func TestWiFi(t *testing.T) {
	c := newCard(t, "wlan0", "-driver=none", "-name=Hase 🐇", "-passphrase=", "-stations=2")
	c.Up(t, "wlan0") // hostapd would, with a radio
	c.Start(t, c.cmd)
	c.await(t, "up", isUp)
	if s := c.state(); s != (state{State: up, Name: "Hase 🐇", Interface: "wlan0", Max: 2, LeasesMax: 231}) {
		t.Errorf("the state is %+v", s)
	}
	if info, err := os.Stat(filepath.Join(c.dir, "hotspot.state")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the state's file: %v, %v", info, err)
	}
	if info, err := os.Stat(filepath.Join(c.dir, "hotspot/hostapd.conf")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("hostapd's file: %v, %v", info, err)
	}
	if got := addresses(t, c.Net, "wlan0"); got != "10.1.1.1/24 192.0.2.1/32" {
		t.Errorf("the card's addresses are %s", got)
	}
	c.join(t)
	if got := addresses(t, c.guest, "phone"); !strings.HasPrefix(got, "10.1.1.") {
		t.Errorf("the guest's addresses are %s", got)
	}
	// https is refused at once.
	var err error
	begin := time.Now()
	c.guest.Do(t, func() { _, err = net.DialTimeout("tcp", "10.1.1.1:443", 5*time.Second) })
	if err == nil || time.Since(begin) > 2*time.Second {
		t.Errorf("https: %v after %v", err, time.Since(begin))
	}

	c.tell(t, "wlan0", "NEW_STA 02:00:00:00:01:00")
	c.await(t, "one phone", func(s state) bool { return s.Stations == 1 && s.Joins == 1 && !s.Full })
	c.tell(t, "wlan0", "NEW_STA 02:00:00:00:02:00")
	c.await(t, "full", func(s state) bool { return s.Stations == 2 && s.Full })
	c.tell(t, "wlan0", "DISASSOCIATE 02:00:00:00:01:00")
	c.await(t, "not full", func(s state) bool { return s.Stations == 1 && !s.Full })

	if testing.Short() {
		return
	}
	for _, name := range []string{"hostapd", "dnsmasq"} {
		for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
			pid := c.child(t, name)
			syscall.Kill(pid, signal)
			c.await(t, fmt.Sprintf("%s after %v: failed", name, signal), func(s state) bool { return s.State == failed && s.Why != "" })
			c.await(t, fmt.Sprintf("%s after %v: up again", name, signal), isUp)
			if again := c.child(t, name); again == pid {
				t.Errorf("after %v it is the same %s", signal, name)
			}
		}
	}
	c.join(t) // and it still works
}

// TestAddressesLent has phones pass by that never come back: a few at the end
// of the pool have their addresses for a quarter of an hour, and when there is
// none left the card says so, and until when.
func TestAddressesLent(t *testing.T) {
	c := newCard(t, "wlan0", "-driver=none")
	c.Up(t, "wlan0")
	c.guest.Up(t, "phone")
	c.Start(t, c.cmd)
	c.await(t, "up", func(s state) bool { return isUp(s) && s.Leases == 0 && s.LeasesMax == 231 })
	pid := c.child(t, "dnsmasq")
	left := func() time.Duration { return time.Until(time.Unix(c.state().LeaseFreeAt, 0)) }

	first := nettest.Leases(t, c.guest, "phone", 1, 100)
	c.await(t, "100 are lent", func(s state) bool { return s.Leases == 100 })
	if d := left(); d < 119*time.Minute || d > 2*time.Hour {
		t.Errorf("the next is free in %v", d)
	}
	if again := c.child(t, "dnsmasq"); again != pid {
		t.Error("dnsmasq was started again, and enough is left")
	}
	nettest.Leases(t, c.guest, "phone", 101, 180)
	eventually(t, "dnsmasq lends for less", func() bool {
		conf, _ := os.ReadFile(filepath.Join(c.dir, "hotspot/dnsmasq.conf"))
		return strings.Contains(string(conf), ",255.255.255.0,900\n") && c.child(t, "dnsmasq") != pid
	})
	c.await(t, "no harm is done", func(s state) bool { return isUp(s) && s.Leases == 180 })

	nettest.Leases(t, c.guest, "phone", 181, 231)
	c.await(t, "all are lent", func(s state) bool { return s.Leases == 231 && s.LeasesMax == 231 })
	if d := left(); d < 14*time.Minute || d > 15*time.Minute {
		t.Errorf("the next is free in %v", d)
	}
	if address, err := nettest.Lease(t, c.guest, "phone", 232); err == nil {
		t.Errorf("one more phone has %s", address)
	}
	if address, err := nettest.Lease(t, c.guest, "phone", 7); err != nil || address != first[7] {
		t.Errorf("a phone that had %s has %s, %v", first[7], address, err)
	}
}

// TestOtherInterface: the guests' interface goes, and another one of its name
// comes, as that of a radio that begins anew. Guests get addresses by that.
func TestOtherInterface(t *testing.T) {
	c := newCard(t, "wlan0", "-driver=none")
	c.Up(t, "wlan0")
	c.Start(t, c.cmd)
	c.await(t, "up", isUp)
	c.join(t)
	if out, err := c.Run(t, nettest.Look(t, "ip"), "link", "delete", "wlan0"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	nettest.Cable(t, c.Net, "wlan0", c.guest, "phone")
	c.Up(t, "wlan0", "10.1.1.1/24", "192.0.2.1/32")
	c.join(t)
	c.await(t, "up again", isUp)
}

// TestEnds: nothing is left running, and the exit code is one after which the
// system starts the daemon again.
func TestEnds(t *testing.T) {
	c := newCard(t, "wlan0", "-driver=none")
	c.Up(t, "wlan0")
	c.Start(t, c.cmd)
	c.await(t, "up", isUp)
	pids := []int{c.child(t, "hostapd"), c.child(t, "dnsmasq")}
	c.cmd.Process.Signal(syscall.SIGTERM)
	c.cmd.Wait()
	if code := c.cmd.ProcessState.ExitCode(); code != daemon.ExitError {
		t.Errorf("exit code %d", code)
	}
	for _, pid := range pids {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d is left", pid)
		}
	}
}

// TestFailsClosed: who may not set the firewall lets nobody in.
func TestFailsClosed(t *testing.T) {
	c := newCard(t, "wlan0", "-driver=none")
	c.cmd.Args = append([]string{"setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"}, c.cmd.Args...)
	c.cmd.Path = nettest.Look(t, "setpriv")
	c.Start(t, c.cmd)
	c.await(t, "failed", func(s state) bool { return s.State == failed })
	if s := c.state(); !strings.Contains(s.Why, "the firewall cannot be set") || !strings.Contains(s.Why, "only root may") {
		t.Errorf("why: %s", s.Why)
	}
	if got := addresses(t, c.Net, "wlan0"); got != "" {
		t.Errorf("the interface has the addresses %s", got)
	}
}

// TestWire is about guests on Ethernet: an access point is plugged in, or
// something that should not be.
func TestWire(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute to look for other DHCP servers")
	}
	client := program(t, "client", fmt.Sprintf("#!/bin/sh\nexec busybox udhcpc -f -i ${1#-interface=} -s %s\n", program(t, "script", script)))
	c := newCard(t, "eth0", "-uplink=eth0", "-dhcp="+client)
	c.Start(t, c.cmd)
	c.await(t, "nothing is plugged in", func(s state) bool {
		return s.State == starting && strings.Contains(s.Why, "nothing is plugged into eth0")
	})
	if got := addresses(t, c.Net, "eth0"); got != "" {
		t.Errorf("with nothing plugged in the card's addresses are %s", got)
	}

	// A router, with a DHCP server of its own.
	c.guest.Up(t, "phone", "192.168.7.1/24")
	router := exec.Command(nettest.Look(t, "dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=phone", "--bind-dynamic", "--no-ping",
		"--dhcp-range=192.168.7.100,192.168.7.199,1h", "--dhcp-leasefile=/dev/null", "--pid-file=", "--user=nobody")
	c.guest.Start(t, router)
	c.await(t, "refused", func(s state) bool {
		return s.State == failed && strings.Contains(s.Why, "DHCP server already, at 192.168.7.1")
	})
	eventually(t, "the card is a guest there", func() bool { return strings.HasPrefix(addresses(t, c.Net, "eth0"), "192.168.7.1") })
	if s := c.state(); s.State != failed {
		t.Errorf("the state is %+v", s)
	}

	// Then an access point without one.
	router.Process.Kill()
	c.guest.Run(t, "busybox", "ip", "address", "flush", "dev", "phone")
	c.await(t, "up", isUp)
	if got := addresses(t, c.Net, "eth0"); got != "10.1.1.1/24 192.0.2.1/32" {
		t.Errorf("the card's addresses are %s", got)
	}
	c.join(t)
	c.await(t, "one guest", func(s state) bool { return s.Stations == 1 && s.Max == 0 && !s.Full })
	// Guests do not reach the port for updates, though the host has no other wire.
	l := listen(t, c.Net, "10.1.1.1:8082")
	defer l.Close()
	var err error
	c.guest.Do(t, func() { _, err = net.DialTimeout("tcp", "10.1.1.1:8082", 5*time.Second) })
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a guest who tries to update the card: %v", err)
	}

	c.guest.Down(t, "phone")
	c.await(t, "unplugged", func(s state) bool { return s.State != up && strings.Contains(s.Why, "eth0") })
	c.guest.Up(t, "phone")
	c.await(t, "up again", isUp)
}

func listen(t *testing.T, n nettest.Net, address string) (l net.Listener) {
	t.Helper()
	var err error
	n.Do(t, func() { l, err = net.Listen("tcp", address) })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestUplink: where no guests are, the card asks for an address, whatever
// becomes of the Wi-Fi.
func TestUplink(t *testing.T) {
	client := program(t, "client", fmt.Sprintf("#!/bin/sh\nexec busybox udhcpc -f -i ${1#-interface=} -s %s\n", program(t, "script", script)))
	c := newCard(t, "wlan0", "-driver=none", "-uplink=eth0", "-dhcp="+client, "-hostapd=/does/not/exist")
	lan := nettest.New(t)
	nettest.Cable(t, c.Net, "eth0", lan, "router")
	c.Up(t, "eth0")
	lan.Up(t, "router", "192.168.7.1/24")
	lan.Start(t, exec.Command(nettest.Look(t, "dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=router", "--bind-dynamic", "--no-ping",
		"--dhcp-range=192.168.7.100,192.168.7.199,1h", "--dhcp-leasefile=/dev/null", "--pid-file=", "--user=nobody"))
	c.Start(t, c.cmd)
	c.await(t, "failed", func(s state) bool { return s.State == failed })
	eventually(t, "an address", func() bool { return strings.HasPrefix(addresses(t, c.Net, "eth0"), "192.168.7.1") })
}
