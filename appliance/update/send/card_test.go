package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"warren/appliance/update/protocol"
)

func TestAddress(t *testing.T) {
	for host, want := range map[string]string{
		"10.0.0.7": "10.0.0.7:8082", "rabbit": "rabbit:8082", "rabbit:80": "rabbit:80",
		"fe80::1%eth0": "[fe80::1%eth0]:8082", "[::1]": "[::1]:8082", "[::1]:90": "[::1]:90",
	} {
		if got := newCard(host).address; got != want {
			t.Errorf("%s: %s", host, got)
		}
	}
	if protocol.Port != 8082 {
		t.Error("the port of old cards is 8082")
	}
}

// What cannot be made to happen on this machine alone.
func TestUnreached(t *testing.T) {
	c := newCard("rabit")
	for _, test := range []struct {
		err  error
		said string
	}{
		{&net.DNSError{Err: "no such host", Name: "rabit", IsNotFound: true}, "there is no machine with the name rabit: is it spelt right?"},
		{&net.OpError{Err: syscall.EHOSTUNREACH}, "nothing answers at rabit:8082"},
		{&net.OpError{Err: syscall.ENETUNREACH}, "nothing answers at rabit:8082"},
		{context.DeadlineExceeded, "nothing answers at rabit:8082"},
		{&net.OpError{Err: syscall.ECONNREFUSED}, "takes no updates at rabit:8082"},
		{fmt.Errorf("something else"), "something else"},
	} {
		if got := c.unreached(fmt.Errorf("Get: %w", test.err)).Error(); !strings.Contains(got, test.said) {
			t.Errorf("%v: %s", test.err, got)
		}
	}
}
