package main

import (
	"bufio"
	"bytes"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/daemon"
	"warren/chatd/fanout/rabbitmq/node"
)

// The commands of the README: any AMQP client speaks to the room, and listens.
func TestCommandLineTools(t *testing.T) {
	broker := node.ForTest(t).URL()
	address, cancel := start(t, "-broker", broker)
	other, cancelOther := start(t, "-broker", broker)
	conn := dial(t, address)
	elsewhere := dial(t, other)

	consume := exec.Command("amqp-consume", "-u", broker, "-x", "-e", "chat", "-r", "any", "awk", "1")
	consume.Stderr = t.Output()
	consume.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	heard, err := consume.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := consume.Start(); err != nil {
		t.Fatalf("%v: `make test` installs amqp-tools", err)
	}
	t.Cleanup(func() {
		syscall.Kill(-consume.Process.Pid, syscall.SIGTERM)
		consume.Wait()
	})
	lines := bufio.NewScanner(heard)
	got := make(chan string)
	go func() {
		defer close(got)
		for lines.Scan() {
			got <- lines.Text()
		}
	}()
	// It hears only what is published after it has bound its queue: publish
	// until it does.
	for listening := false; !listening; {
		if out, err := exec.Command("amqp-publish", "-u", broker, "-e", "chat", "-r", "any", "-C", "text/plain", "-b", "hello from AMQP").CombinedOutput(); err != nil {
			t.Fatalf("amqp-publish: %v: %s", err, out)
		}
		for _, c := range []*websocket.Conn{conn, elsewhere} {
			if _, text, err := c.ReadMessage(); string(text) != "AMQP: hello from AMQP" {
				t.Fatalf("a guest got %q, %v", text, err)
			}
		}
		select {
		case line, ok := <-got:
			if line != "hello from AMQP" {
				t.Fatalf("amqp-consume got %q, %v", line, ok)
			}
			listening = true
		case <-time.After(100 * time.Millisecond):
		}
	}
	conn.WriteMessage(websocket.TextMessage, []byte("hello from a guest"))
	for line := range got {
		if bytes.Contains([]byte(line), []byte(`"text":"hello from a guest"`)) {
			break
		}
	}
	if a, b := cancel(), cancelOther(); a != daemon.ExitOK || b != daemon.ExitOK {
		t.Errorf("exit codes are %d and %d", a, b)
	}
}

// dial opens a plain-text WebSocket once the room is ready.
func dial(t *testing.T, address string) *websocket.Conn {
	t.Helper()
	awaitReady(t, address)
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+address+"/websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	return conn
}
