package main

import (
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"warren/appliance/portal/known"
)

// inOwnNetwork runs the test that calls it once more, in a network of its own
// that looks like the box's, with the hotspot's addresses and two neighbours,
// 10.1.1.20 and 10.1.1.21, whose requests can be made here. It returns true
// there; here the test is over.
func inOwnNetwork(t *testing.T) bool {
	t.Helper()
	const inside = "WARREN_TEST_NETWORK"
	if os.Getenv(inside) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Fatalf("in a network of its own, which only root can make: %v\n%s", err, out)
		}
		return false
	}
	for _, command := range []string{
		"link set lo up",
		"link add wlan0 type veth peer name phone",
		"addr add 10.1.1.1/24 dev wlan0",
		"addr add 192.0.2.1/32 dev wlan0",
		"link set phone up",
		"link set wlan0 up",
		"neigh add 10.1.1.20 lladdr 02:00:5e:00:00:20 dev wlan0 nud reachable",
		"neigh add 10.1.1.21 lladdr 02:00:5e:00:00:21 dev wlan0 nud stale",
		"addr add 10.1.1.20/32 dev lo",
		"addr add 10.1.1.21/32 dev lo",
	} {
		if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v %s", command, err, out)
		}
	}
	return true
}

// TestNeighbours reads the table of a real kernel.
func TestNeighbours(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	phones := known.Open(nil, slog.New(slog.DiscardHandler))
	who := whoIs(phones, "/proc/net/arp")
	for addr, hardware := range map[string]string{"10.1.1.20": "\x02\x00\x5e\x00\x00\x20", "10.1.1.21": "\x02\x00\x5e\x00\x00\x21"} {
		if who(ip(addr)) != phones.ByHardware([]byte(hardware)) {
			table, _ := os.ReadFile("/proc/net/arp")
			t.Errorf("%s is not known by its hardware address:\n%s", addr, table)
		}
	}
	if who(ip("10.1.1.2")) != phones.ByAddress(ip("10.1.1.2").AsSlice()) {
		t.Error("one who is not in the table is not known by the address")
	}
}

func TestHardwareOf(t *testing.T) {
	table := `IP address       HW type     Flags       HW address            Mask     Device
10.1.1.20        0x1         0x0         00:00:00:00:00:00     *        wlan0
10.1.1.21        0x1         0x2         02:00:5e:00:00:21     *        wlan0
10.1.1.22
10.1.1.23        0x1         0x2         nonsense     *        wlan0
`
	for addr, want := range map[string]string{"10.1.1.20": "", "10.1.1.21": "02:00:5e:00:00:21", "10.1.1.22": "", "10.1.1.23": "", "10.1.1.2": "", "fe80::1": ""} {
		if got := hardwareOf(strings.NewReader(table), ip(addr)).String(); got != want {
			t.Errorf("%s has %q, want %q", addr, got, want)
		}
	}
}
