package dnsmasq

import (
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"warren/appliance/hotspot/nettest"
)

// inn is a real dnsmasq on a card, and a guest with a cable to it.
type inn struct {
	card, guest nettest.Net
	server      *exec.Cmd
	leases      string
}

func newInn(t *testing.T) inn {
	t.Helper()
	dir := t.TempDir()
	i := inn{card: nettest.New(t), guest: nettest.New(t), leases: filepath.Join(dir, "leases")}
	text, err := Config{
		Interface: "wlan0", Network: netip.MustParsePrefix("10.1.1.1/24"), Elsewhere: netip.MustParseAddr("192.0.2.1"),
		Leases: i.leases, LeaseTime: LongLease, User: "nobody", Group: "nogroup",
	}.Text()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "dnsmasq.conf")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	i.server = exec.Command(nettest.Look(t, "dnsmasq"), "--conf-file="+file)
	i.server.Stderr = t.Output()
	i.card.Start(t, i.server)
	// The interface comes later, as a radio does.
	nettest.Cable(t, i.card, "wlan0", i.guest, "phone")
	i.card.Up(t, "wlan0", "10.1.1.1/24", "192.0.2.1/32")
	i.guest.Up(t, "phone")
	return i
}

// join has a real DHCP client get an address and returns what it was given, a
// line "name=value" each.
func (i inn) join(t *testing.T) string {
	t.Helper()
	script := filepath.Join(t.TempDir(), "script")
	given := filepath.Join(filepath.Dir(script), "given")
	if err := os.WriteFile(script, []byte(`#!/bin/sh
[ "$1" = bound ] || exit 0
busybox ip address add "$ip/$mask" dev "$interface"
busybox ip route add default via "$router"
busybox env >`+given+`
`), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := i.guest.Run(t, nettest.Look(t, "busybox"), "udhcpc", "-i", "phone", "-s", script, "-n", "-q", "-t", "10", "-T", "1"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(given)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func guests(leases string) (int, error) {
	p, err := ReadPool(leases, time.Now())
	return p.Used, err
}

func TestLease(t *testing.T) {
	i := newInn(t)
	if n, err := guests(i.leases); n != 0 || err != nil {
		t.Errorf("before anybody came: %d guests, %v", n, err)
	}
	given := i.join(t)
	for _, want := range []string{"\nip=10.1.1.", "\nsubnet=255.255.255.0\n", "\nrouter=10.1.1.1\n", "\ndns=10.1.1.1\n", "\ndomain=lan\n", "\nlease=7200\n"} {
		if !strings.Contains("\n"+given, want) {
			t.Errorf("the guest is not told %q:\n%s", strings.TrimSpace(want), given)
		}
	}
	if n, err := guests(i.leases); n != 1 || err != nil {
		t.Errorf("then: %d guests, %v", n, err)
	}
	// The same phone gets the same address.
	_, ip, _ := strings.Cut(given, "\nip=")
	if again := i.join(t); !strings.Contains(again, "\nip="+strings.SplitN(ip, "\n", 2)[0]+"\n") {
		t.Errorf("first it was told\n%s\nthen\n%s", given, again)
	}
	if n, err := guests(i.leases); n != 1 || err != nil {
		t.Errorf("then: %d guests, %v", n, err)
	}
}

// query asks the card as a guest.
func (i inn) query(t *testing.T, name string, kind dnsmessage.Type) dnsmessage.Message {
	t.Helper()
	question := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET}},
	}
	packed, err := question.Pack()
	if err != nil {
		t.Fatal(err)
	}
	var c net.Conn
	i.guest.Do(t, func() { c, err = net.Dial("udp", "10.1.1.1:53") })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 1500)
	_, err = c.Write(packed)
	n := 0
	if err == nil {
		n, err = c.Read(buf)
	}
	var answer dnsmessage.Message
	if err == nil {
		err = answer.Unpack(buf[:n])
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return answer
}

func TestNames(t *testing.T) {
	i := newInn(t)
	i.join(t)
	const https = dnsmessage.Type(65)
	for _, test := range []struct {
		name string
		kind dnsmessage.Type
		code dnsmessage.RCode
		want string
	}{
		{"rabbit.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "10.1.1.1"},
		{"RABBIT.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "10.1.1.1"},
		{"rabbit.lan.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "10.1.1.1"},
		{"captive.apple.com.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "192.0.2.1"},
		{"connectivitycheck.gstatic.com.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "192.0.2.1"},
		{"anything.example.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, "192.0.2.1"},
		// "There is none" and not "I will not say": phones wait for that.
		{"captive.apple.com.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, ""},
		{"captive.apple.com.", https, dnsmessage.RCodeSuccess, ""},
		{"rabbit.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, ""},
		{"rabbit.", https, dnsmessage.RCodeSuccess, ""},
		{"example.org.", dnsmessage.TypeMX, dnsmessage.RCodeSuccess, ""},
		{"use-application-dns.net.", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"mask.icloud.com.", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"mask-h2.icloud.com.", dnsmessage.TypeAAAA, dnsmessage.RCodeNameError, ""},
		{"mask-api.icloud.com.", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
	} {
		m := i.query(t, test.name, test.kind)
		var got []string
		for _, r := range m.Answers {
			if a, ok := r.Body.(*dnsmessage.AResource); ok {
				got = append(got, netip.AddrFrom4(a.A).String())
			} else {
				got = append(got, r.Body.GoString())
			}
			if r.Header.TTL != 0 {
				t.Errorf("%s %v is to be remembered for %d s, when the phone is elsewhere, too", test.name, test.kind, r.Header.TTL)
			}
		}
		if m.RCode != test.code || strings.Join(got, " ") != test.want {
			t.Errorf("%s %v: %v %v, want %v %q", test.name, test.kind, m.RCode, got, test.code, test.want)
		}
	}
}

func TestProbe(t *testing.T) {
	i := newInn(t)
	i.join(t) // then it is there
	// The resolver asks from goroutines of its own, which a namespace of one
	// thread does not hold: so the probe is a process.
	probe := func() error {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asProbe+"=1")
		var out []byte
		var err error
		i.card.Do(t, func() { out, err = cmd.CombinedOutput() })
		t.Logf("%s", out)
		return err
	}
	if err := probe(); err != nil {
		t.Errorf("a dnsmasq that is well: %v", err)
	}
	i.server.Process.Signal(syscall.SIGSTOP)
	if probe() == nil {
		t.Error("a dnsmasq that hangs is well")
	}
	i.server.Process.Signal(syscall.SIGCONT)
	if err := probe(); err != nil {
		t.Errorf("after it went on: %v", err)
	}
	i.server.Process.Kill()
	if probe() == nil {
		t.Error("a dnsmasq that was killed is well")
	}
}

// asProbe has a process of the test's be a probe.
const asProbe = "WARREN_TEST_PROBE"

func TestMain(m *testing.M) {
	if os.Getenv(asProbe) == "" {
		os.Exit(m.Run())
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := Probe(ctx, netip.MustParseAddr("10.1.1.1")); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}

func TestParseLease(t *testing.T) {
	for line, want := range map[string]string{
		"7200 02:00:00:00:01:00 10.1.1.57 phone 01:02:00:00:00:01:00": "10.1.1.57",
		"0 02:00:00:00:01:00 10.1.1.57 * *":                           "10.1.1.57",
		"":                                                            "",
		"7200 02:00:00:00:01:00 10.1.1.57 phone":                      "", // cut off
		"duid 00:01:00:01":                                            "",
		"x 02:00:00:00:01:00 10.1.1.57 * *":                           "",
		"7200 12345 fd00::57 phone 00:01":                             "",
		"7200 02:00:00:00:01:00 10.1.1.300 * *":                       "",
	} {
		a, _, ok := parseLease(line)
		if ok != (want != "") || ok && a.String() != want {
			t.Errorf("%q: %v, %v", line, a, ok)
		}
	}
}

// FuzzLease: whatever is in the file, a lease is one of an IPv4 address.
func FuzzLease(f *testing.F) {
	f.Add("7200 02:00:00:00:01:00 10.1.1.57 phone 01:02:00:00:00:01:00")
	f.Add("0 02:00:00:00:01:00 10.1.1.57 * *")
	f.Add("duid 00:01")
	f.Add("\x00 \xff")
	f.Fuzz(func(t *testing.T, line string) {
		if a, _, ok := parseLease(line); ok && (!a.Is4() || !strings.Contains(line, a.String())) {
			t.Errorf("%q is a lease of %v", line, a)
		}
	})
}

func TestRefused(t *testing.T) {
	good := Config{Interface: "wlan0", Network: netip.MustParsePrefix("10.1.1.1/24"), Elsewhere: netip.MustParseAddr("192.0.2.1"), Leases: "/run/leases", LeaseTime: LongLease}
	if _, err := good.Text(); err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(*Config){
		"no interface":        func(c *Config) { c.Interface = "" },
		"an interface of two": func(c *Config) { c.Interface = "wlan0\nno-daemon" },
		"a comment":           func(c *Config) { c.Leases = "/run/#" },
		"a wide network":      func(c *Config) { c.Network = netip.MustParsePrefix("10.1.1.1/16") },
		"a blink":             func(c *Config) { c.LeaseTime = time.Second },
		"IPv6":                func(c *Config) { c.Elsewhere = netip.MustParseAddr("fd00::1") },
	} {
		c := good
		spoil(&c)
		if _, err := c.Text(); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
