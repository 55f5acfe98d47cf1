package main

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"warren/chatd/daemon"
)

// start runs chatd with args until the test cancels it, and returns where it
// listens.
func start(t *testing.T, args ...string) (address string, cancel func() (exit int)) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, append(args, "-listen", "127.0.0.1:0"), stdout, os.Stderr)
		stdout.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	port := regexp.MustCompile(`localhost:(\d+)/`).FindStringSubmatch(line)
	if port == nil {
		t.Fatalf("chatd said %q, %v", line, err)
	}
	return "127.0.0.1:" + port[1], func() int {
		stop()
		defer out.Close()
		select {
		case code := <-exit:
			return code
		case <-time.After(20 * time.Second):
			t.Fatal("chatd does not end")
			return 0
		}
	}
}

// awaitReady waits until chatd has reached its exchange.
func awaitReady(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("chatd is not ready: %v, %v", resp, err)
		}
	}
}

func TestRunServesAndEnds(t *testing.T) {
	defer goleak.VerifyNone(t)
	address, cancel := start(t, "-title", "Burrow")
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+address+"/websocket?name=Ada", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage, []byte("hello"))
	if _, got, err := conn.ReadMessage(); string(got) != "Ada: hello" {
		t.Errorf("got %q, %v", got, err)
	}
	resp, err := http.Get("http://" + address + "/basic")
	if err != nil || resp.StatusCode != 200 {
		t.Errorf("%v, %v", resp, err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()

	go func() { // a phone sees that it shall come back
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				if !websocket.IsCloseError(err, 4000) {
					t.Errorf("closed with %v", err)
				}
				return
			}
		}
	}()
	if exit := cancel(); exit != daemon.ExitOK {
		t.Errorf("exit code is %d", exit)
	}
}

// Chatd serves without its broker, says so, and waits for it.
func TestRunWithoutItsBroker(t *testing.T) {
	defer goleak.VerifyNone(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	address, cancel := start(t, "-broker", "amqp://user:secret@"+nobody+"/")
	for path, want := range map[string]int{"/": 200, "/healthz": 200, "/readyz": 503} {
		resp, err := http.Get("http://" + address + path)
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %v, %v", path, resp, err)
		}
		resp.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	if exit := cancel(); exit != daemon.ExitOK {
		t.Errorf("exit code is %d", exit)
	}
}

func TestRunSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, test := range []struct {
		args []string
		exit int
		want string
	}{
		{[]string{"-listen", "8081"}, daemon.ExitUsage, "-listen"},
		{[]string{"-listen", taken.Addr().String()}, daemon.ExitError, "address already in use"},
		{[]string{"-title", ""}, daemon.ExitUsage, "-title"},
		{[]string{"-broker", "http://user:secret@x/"}, daemon.ExitUsage, "-broker"},
		{[]string{"-host-code", "short"}, daemon.ExitUsage, "-host-code: it must be 6 to 32"},
		{[]string{"-light", "GPIO999x"}, daemon.ExitUsage, "-light"},
	} {
		said, stderr, _ := os.Pipe()
		exit := run(context.Background(), test.args, os.Stdout, stderr)
		stderr.Close()
		line, _ := bufio.NewReader(said).ReadString('\n')
		said.Close()
		if exit != test.exit || !strings.Contains(line, test.want) || strings.Contains(line, "secret") {
			t.Errorf("%v: exit %d, said %q", test.args, exit, line)
		}
	}
}

// Who starts chatd without a code for the host is told the one it has made, and it
// opens the host's door; a code that somebody has given is not printed.
func TestHostCode(t *testing.T) {
	greeting := func(args ...string) (o *options, said string) {
		t.Helper()
		o, exit, ok := parse(args, os.Stdout, os.Stderr)
		if !ok {
			t.Fatalf("%v: exit %d", args, exit)
		}
		var out bytes.Buffer
		greet(&out, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8081}, o, false)
		return o, out.String()
	}
	one, said := greeting()
	if two, _ := greeting(); one.code == two.code || !strings.Contains(said, "The host's code: "+one.code+", at http://localhost:8081/host\n") {
		t.Errorf("chatd made %q and %q, and said %q", one.code, two.code, said)
	}
	for args, code := range map[string]string{"-host-code=kdtsm-rfwhb": "kdtsm-rfwhb", "-host-code=none": ""} {
		if o, said := greeting(args); o.code != code || strings.Contains(said, "host's code") {
			t.Errorf("with %s the code is %q, and it says %q", args, o.code, said)
		}
	}
}
