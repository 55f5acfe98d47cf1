package rabbitmq

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBrokersInTurn: those that failed lately come last, and the order of the
// address counts again when that is forgotten.
func TestBrokersInTurn(t *testing.T) {
	b := newBrokers("amqp://a,amqp://b,amqp://c")
	now := time.Now()
	for i, step := range []struct {
		after time.Duration
		want  string
		fails bool
	}{
		{0, "a:5672", false},
		{0, "a:5672", true}, // and nothing is gained by going on without need
		{0, "b:5672", true},
		{0, "c:5672", true},
		{time.Second, "a:5672", true}, // all have failed: the one that did first
		{time.Second, "b:5672", false},
		{0, "b:5672", true},
		{0, "c:5672", false},
		{forgetTime, "a:5672", false},
	} {
		now = now.Add(step.after + time.Millisecond)
		got, n, err := b.next(now)
		if err != nil || n != 3 || got.name != step.want {
			t.Fatalf("step %d: %q of %d, %v; want %q", i, got.name, n, err, step.want)
		}
		if step.fails {
			b.fail(got, now)
		}
	}
}

func TestSeveralURLs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "urls")
	for text, want := range map[string]string{
		"amqp://a": "a:5672",
		"amqp://a,amqps://u:p@b:1/v,amqp://[::1]": "a:5672 b:1 ::1:5672",
		"amqp://a\namqp://b\n":                    "a:5672 b:5672",
		" amqp://a , amqp://b,":                   "a:5672 b:5672",
		"amqp://a,http://u:hush@b":                "URL 2 of the broker's 2",
		"amqp://a,b":                              "URL 2 of the broker's 2",
		"amqp://a,file:/b":                        "URL 2 of the broker's 2",
		"amqp://u:hu,sh@a":                        "comma of user and password",
		"\n,":                                     "the broker's URL cannot be read",
		strings.Repeat("amqp://a,", maxURLs/9+1):  "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{text, fileScheme + path} {
			all, err := resolve(address)
			var got []string
			for _, one := range all {
				got = append(got, one.name)
			}
			switch {
			case err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hu")):
				t.Errorf("%.60q: %v", address, err)
			case err == nil && want != "" && strings.Join(got, " ") != want:
				t.Errorf("%.60q gives %q", address, got)
			case err == nil && address != text && want == "":
				t.Errorf("a file of %d bytes is taken", len(text))
			}
		}
	}
}

// TestNextBroker starts with a broker that is not there, one that says nothing
// and one with another password before the one that works.
func TestNextBroker(t *testing.T) {
	t.Parallel()
	url := broker(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	p, via := newProxy(t, url)
	x := open(t, strings.Join([]string{
		"amqp://u:p@" + closed.Addr().String(), strings.Replace(url, "@", "x@", 1), "amqp://u:p@" + silent.Addr().String(), via,
	}, ","), Options{suffix: newSuffix()})
	begin := time.Now()
	e, _ := run(t, x, 10)
	e.WaitUp()
	if d := time.Since(begin); d > 3*dialTime { // RabbitMQ takes 3 s to refuse a password
		t.Errorf("reached after %v", d)
	}
	t.Logf("reached after %v", time.Since(begin))
	// The one that worked fails: the others are tried again, and none works.
	p.cut()
	e.Wait("away", func() bool { return !e.up() })
	p.mend()
	begin = time.Now()
	e.WaitUp()
	t.Logf("reached again after %v", time.Since(begin))
}
