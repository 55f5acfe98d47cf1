package rabbitmq

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestBackoff(t *testing.T) {
	var b backoff
	want := minPause
	for range 20 {
		if d := b.pause(); d < want/2 || d > want {
			t.Errorf("pause %v, want %v to %v", d, want/2, want)
		}
		want = min(2*want, maxPause)
	}
	b.reset()
	if d := b.pause(); d > minPause {
		t.Errorf("after reset: %v", d)
	}
	b.slow()
	if d := b.pause(); d < maxPause/2 || d > maxPause {
		t.Errorf("slow: %v", d)
	}
}

func TestExplain(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, test := range []struct {
		err    error
		part   string
		person bool
	}{
		{refused, "nothing answers", false},
		{fmt.Errorf("declare: %w", &amqp.Error{Code: amqp.NotFound, Reason: "home node is down or inaccessible"}), "not up yet", false},
		{&amqp.Error{Code: amqp.AccessRefused}, "user or the password", true},
		{amqp.ErrCredentials, "user or the password", true},
		{amqp.ErrVhost, "virtual host", true},
		{&amqp.Error{Code: amqp.ConnectionForced}, "shutting down", false},
		{&amqp.Error{Code: amqp.FrameError, Reason: "read 127.0.0.1:39001: EOF"}, "connection was lost", false},
		{&net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE)}, "connection was lost", false},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, "no route to host", false},
		{errNotSeen, "did not reach the log", false},
	} {
		if why, person := explain(test.err); !strings.Contains(why, test.part) || person != test.person {
			t.Errorf("%v: %q, %v", test.err, why, person)
		}
	}
}
