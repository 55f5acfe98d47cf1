package dnsmasq

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"warren/appliance/hotspot/nettest"
)

func TestReadPool(t *testing.T) {
	file := filepath.Join(t.TempDir(), "leases")
	now := time.Unix(5000, 0)
	for what, test := range map[string]struct {
		text string
		want Pool
	}{
		"nothing":     {"", Pool{}},
		"one":         {"5060 02:00:00:00:01:00 10.1.1.57 phone *\n", Pool{1, time.Unix(5060, 0)}},
		"the next":    {"9000 02:00:00:00:01:00 10.1.1.57 * *\n5060 02:00:00:00:01:01 10.1.1.58 * *\n7000 02:00:00:00:01:02 10.1.1.59 * *\n", Pool{3, time.Unix(5060, 0)}},
		"one is over": {"4999 02:00:00:00:01:00 10.1.1.57 * *\n5001 02:00:00:00:01:01 10.1.1.58 * *\n", Pool{1, time.Unix(5001, 0)}},
		"for good":    {"0 02:00:00:00:01:00 10.1.1.57 * *\n", Pool{Used: 1}},
	} {
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadPool(file, now); got != test.want || err != nil {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	if got, err := ReadPool(file+"-none", now); got != (Pool{}) || err != nil {
		t.Errorf("no file: %+v, %v", got, err)
	}
}

func TestLeaseTime(t *testing.T) {
	lease := LongLease
	for _, step := range []struct {
		used int
		want time.Duration
	}{
		{0, LongLease}, {100, LongLease}, {174, LongLease}, {175, ShortLease}, {231, ShortLease},
		{150, ShortLease}, {115, ShortLease}, {114, LongLease}, {150, LongLease}, {200, ShortLease},
	} {
		if lease = LeaseTime(lease, step.used); lease != step.want {
			t.Errorf("with %d lent, for %v", step.used, lease)
		}
	}
}

// TestAllLent has as many phones come as there are addresses, and one more.
func TestAllLent(t *testing.T) {
	i := newInn(t)
	i.join(t) // then dnsmasq is there, and one address is lent
	lent := map[string]bool{}
	for _, address := range nettest.Leases(t, i.guest, "phone", 1, MaxGuests-1) {
		lent[address] = true
	}
	if len(lent) != MaxGuests-1 {
		t.Errorf("%d phones have %d addresses", MaxGuests-1, len(lent))
	}
	p, err := ReadPool(i.leases, time.Now())
	if left := time.Until(p.Free); p.Used != MaxGuests || err != nil || left < LongLease-time.Minute || left > LongLease {
		t.Errorf("all are lent: %+v, %v", p, err)
	}
	if address, err := nettest.Lease(t, i.guest, "phone", MaxGuests); err == nil {
		t.Errorf("one more phone has %s", address)
	}
	// A phone that is in keeps what it has.
	if address, err := nettest.Lease(t, i.guest, "phone", 7); err != nil || !lent[address] {
		t.Errorf("a phone that comes back has %q, %v", address, err)
	}
	if p, err := ReadPool(i.leases, time.Now().Add(LongLease)); p.Used != 0 || err != nil {
		t.Errorf("when their time is over: %+v, %v", p, err)
	}
}
