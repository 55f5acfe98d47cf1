package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"warren/chatd/fanout/rabbitmq/node"
)

// The secrets that chatd is told.
const brokerPassword, passphrase, deviceSecret, hostCode = "pass-of-the-broker", "pass-of-the-wifi", "secret-of-a-device", "code-of-the-host"

// TestSecrets runs chatd as talkative as it can be, on a broker that is not there
// and on a RabbitMQ that refuses the password. None of its secrets is in what it
// says; the passphrase is on the poster alone.
func TestSecrets(t *testing.T) {
	defer goleak.VerifyNone(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	lookForSecrets(t, l.Addr().String(), "connection refused")
	if testing.Short() {
		return
	}
	n, err := node.Start(context.Background(), node.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop()
	_, address, _ := strings.Cut(n.URL(), "@")
	lookForSecrets(t, address, "refuses the user or the password")
}

// lookForSecrets looks at all that chatd says, until that is in its log.
func lookForSecrets(t *testing.T, broker, until string) {
	dir := t.TempDir()
	url, logFile := filepath.Join(dir, "broker.url"), filepath.Join(dir, "log")
	if err := os.WriteFile(url, []byte("amqp://warren:"+brokerPassword+"@"+broker+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(logFile)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	stderr := os.Stderr
	os.Stderr = log // start takes it
	defer func() { os.Stderr = stderr }()
	room, stop := start(t, "-log-level=debug", "-broker=file:"+url, "-status-dir="+dir, "-wifi-name=rabbit", "-wifi-passphrase="+passphrase, "-host-code="+hostCode)

	said := map[string]string{}
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+room+"/websocket?name=Ada&device="+deviceSecret, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", 90_000))) // too long
	_, refusal, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	said["a refusal"] = string(refusal)
	for _, path := range []string{"/", "/app.js", "/basic", "/status", "/metrics", "/healthz", "/readyz", "/nothing", "/poster", "/host"} {
		resp, err := http.Get("http://" + room + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		said[path] = fmt.Sprint(resp.Header, string(body))
	}
	for _, code := range []string{"wrong-wrong", hostCode} {
		resp, err := http.DefaultTransport.RoundTrip(tryCode(t, room, code))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		said["the door's answer to "+code] = fmt.Sprint(resp.Header, string(body))
	}
	for deadline := time.Now().Add(time.Minute); !strings.Contains(said["the log"], until); time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(logFile)
		if said["the log"] = string(text); err != nil || time.Now().After(deadline) {
			t.Fatalf("%v; in a minute chatd has not said %q: %s", err, until, text)
		}
	}
	conn.Close()
	http.DefaultClient.CloseIdleConnections()
	stop()
	text, _ := os.ReadFile(logFile)
	said["the log"] = string(text)
	for where, text := range said {
		for _, secret := range []string{brokerPassword, passphrase, deviceSecret, hostCode} {
			if strings.Contains(text, secret) != (where == "/poster" && secret == passphrase) {
				t.Errorf("%q in %s, with %s: %.2000s", secret, where, broker, text)
			}
		}
	}
}

// tryCode is what a browser sends that shows a code at the host's door.
func tryCode(t *testing.T, room, code string) *http.Request {
	t.Helper()
	r, err := http.NewRequest("POST", "http://"+room+"/host", strings.NewReader("code="+code))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}
