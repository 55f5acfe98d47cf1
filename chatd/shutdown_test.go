package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/process"
)

// Phones are told that chatd ends, whoever else is there: a connection that says
// nothing, an upload that stands still. And chatd ends, in its time.
func TestShutdownTellsPhones(t *testing.T) {
	dir := t.TempDir()
	if err := process.Build(t.Context(), dir, false, process.Chatd); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "chatd"), "-listen", "127.0.0.1:0", "-pictures", filepath.Join(dir, "pictures"))
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = stdout, t.Output()
	chatd, err := process.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer chatd.Kill()
	stdout.Close()
	line, err := bufio.NewReader(out).ReadString('\n')
	port := regexp.MustCompile(`localhost:(\d+)/`).FindStringSubmatch(line)
	if port == nil {
		t.Fatalf("chatd said %q, %v", line, err)
	}
	address := "127.0.0.1:" + port[1]

	for _, sent := range []string{
		"",
		"POST /picture HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\nhalf of it",
		"POST /basic HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ntext=half",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, sent)
	}
	var phones []*websocket.Conn
	for range 20 { // they have come in after those above
		conn := dial(t, address)
		defer conn.Close()
		if err := conn.WriteMessage(websocket.TextMessage, []byte("here")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.ReadMessage(); err != nil {
			t.Fatal(err)
		}
		phones = append(phones, conn)
	}

	began := time.Now()
	ended := make(chan bool, 1)
	go func() { ended <- chatd.Stop(20 * time.Second) }()
	for i, phone := range phones {
		phone.SetReadDeadline(began.Add(20 * time.Second))
		var last string
		for {
			_, text, err := phone.ReadMessage()
			if err == nil {
				last = string(text)
				continue
			}
			if !websocket.IsCloseError(err, 4000) || last != "* the server restarts" {
				t.Errorf("phone %d is told %q and sees %v", i, last, err)
			}
			break
		}
	}
	if told := time.Since(began); told > 2500*time.Millisecond { // the others have three seconds
		t.Errorf("phones are told after %v", told)
	}
	if inTime := <-ended; !inTime || chatd.How() != "exit status 0" {
		t.Errorf("chatd ended: %v, %s", inTime, chatd.How())
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("chatd took %v to end", took)
	}
}
