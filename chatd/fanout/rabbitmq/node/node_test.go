package node

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("WARREN_NODE_PARENT") != "" {
		parent()
	}
	goleak.VerifyTestMain(m)
}

func TestLife(t *testing.T) {
	n := ForTest(t)
	conn, err := amqp.Dial(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare("kept", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	pid, group := n.Pid(), n.Pid()
	if pid == 0 {
		t.Fatal("no pid")
	}
	n.Kill()
	<-closed
	if left := members(t, group); left != "" {
		t.Errorf("left behind by the kill:\n%s", left)
	}
	if n.Pid() != 0 {
		t.Error("a killed node has a pid")
	}

	begin := time.Now()
	if err := n.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("restarted in %v", time.Since(begin))
	conn, err = amqp.Dial(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if ch, err = conn.Channel(); err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclarePassive("kept", true, false, false, false, nil); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if ports := listeners(t, n.Pid()); len(ports) != 1 || ports[0] != n.addr() {
		t.Errorf("the node listens at %v, want %s only", ports, n.addr())
	}

	n.Pause()
	if n.answers() {
		t.Error("a paused node answers")
	}
	n.Resume()
	if !n.answers() {
		t.Error("a resumed node does not answer")
	}

	group = n.Pid()
	begin = time.Now()
	n.Stop()
	if d := time.Since(begin); d > stopTime-time.Second {
		t.Errorf("the stop took %v: it was killed", d)
	}
	if left := members(t, group); left != "" {
		t.Errorf("left behind by the stop:\n%s", left)
	}
	if _, err := os.Stat(n.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary folder is still there: %v", err)
	}
	n.Stop()
}

// TestDiesWithParent kills a process that has a node.
func TestDiesWithParent(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "WARREN_NODE_PARENT="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr := make([]byte, 100)
	k, err := out.Read(addr)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	deadline := time.Now().Add(10 * time.Second)
	for {
		conn, err := net.Dial("tcp", strings.TrimSpace(string(addr[:k])))
		if err != nil {
			break
		}
		conn.Close()
		if time.Now().After(deadline) {
			t.Fatal("the node outlives its parent")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// parent is the process that TestDiesWithParent kills.
func parent() {
	n, err := Start(context.Background(), Options{Dir: os.Getenv("WARREN_NODE_PARENT")})
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Stdout.WriteString(n.addr() + "\n")
	select {}
}

func TestNotInstalled(t *testing.T) {
	_, err := find(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "apt-get install rabbitmq-server") {
		t.Errorf("find in an empty root: %v", err)
	}
}

// TestLayouts finds the files of both Debian releases.
func TestLayouts(t *testing.T) {
	for _, v := range []struct{ erts, rabbit string }{{"13.1.5", "3.10.8"}, {"15.2.7", "4.0.5"}} {
		root := t.TempDir()
		runtime := filepath.Join(root, "usr/lib/erlang/erts-"+v.erts+"/bin")
		home := filepath.Join(root, "usr/lib/rabbitmq/lib/rabbitmq_server-"+v.rabbit)
		if err := errors.Join(os.MkdirAll(runtime, 0o700), os.MkdirAll(home+"/plugins", 0o700),
			os.WriteFile(runtime+"/erlexec", nil, 0o700)); err != nil {
			t.Fatal(err)
		}
		in, err := find(root)
		if err != nil {
			t.Fatal(err)
		}
		if in.runtime != runtime || in.rabbit != home {
			t.Errorf("found %+v", in)
		}
	}
}

func TestTakenPort(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = Start(t.Context(), Options{Dir: t.TempDir(), Port: l.Addr().(*net.TCPAddr).Port})
	if !errors.Is(err, errPortTaken) {
		t.Errorf("start at a taken port: %v", err)
	}
}

// members lists the processes of a group.
func members(t *testing.T, group int) string {
	t.Helper()
	return stat(t, func(pgrp, pid int) bool { return pgrp == group })
}
