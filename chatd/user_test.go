package main

import (
	"bufio"
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"warren/chatd/daemon"
	"warren/chatd/fanout/rabbitmq/node"
)

// TestUser runs chatd as the card does: root starts it, it becomes a user that
// may read little more than the broker's URL, and still finds the broker again
// when that has been away.
func TestUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give its rights up: run this test as root")
	}
	broker := node.ForTest(t)
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	gid, _ := strconv.Atoi(u.Gid)
	dir := t.TempDir()
	for d := dir; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := func(name, content string, mode os.FileMode, gid int) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, 0, gid); err != nil {
			t.Fatal(err)
		}
		return path
	}
	url := file("broker.url", broker.URL()+"\n", 0o640, gid)
	flags := file("chatd.json", `{"title": "Burrow"}`, 0o600, 0)
	file("broker.state", `{"state":"up"}`, 0o644, 0)

	// The way to the pictures is closed to that user.
	if err := os.Mkdir(filepath.Join(dir, "closed"), 0o700); err != nil {
		t.Fatal(err)
	}

	// The card's programs are built without cgo.
	bin := filepath.Join(dir, "chatd")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(bin, "-listen", "127.0.0.1:0", "-config", flags, "-broker", "file:"+url, "-status-dir", dir, "-pictures", filepath.Join(dir, "closed", "pictures"), "-user", "nobody")
	cmd.Stderr = t.Output()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	port := regexp.MustCompile(`localhost:(\d+)/`).FindStringSubmatch(line)
	if port == nil {
		t.Fatalf("chatd said %q, %v", line, err)
	}
	address := "127.0.0.1:" + port[1]
	awaitReady(t, address)
	if said, err := os.ReadFile(filepath.Join(dir, "chatd.state")); strings.TrimSpace(string(said)) != `{"state":"up"}` {
		t.Errorf("in a folder of root's it says %q, %v", said, err)
	}

	broker.Shutdown()
	if err := broker.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn := dial(t, address)
	if err := conn.WriteMessage(1, []byte("again")); err != nil {
		t.Fatal(err)
	}
	if _, text, err := conn.ReadMessage(); !strings.HasSuffix(string(text), ": again") {
		t.Errorf("a guest got %q, %v", text, err)
	}
	for path, want := range map[string]string{"/basic": "Burrow", "/status": "RabbitMQ is up."} {
		resp, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !strings.Contains(string(page), want) {
			t.Errorf("%s is %s, %v", path, page, err)
		}
	}

	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+address+"/picture", "image/jpeg", &photo)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	pictures, _ := filepath.Glob(filepath.Join(dir, "closed", "pictures", "*.jpg"))
	if resp.StatusCode != http.StatusCreated || len(pictures) != 1 {
		t.Errorf("a picture is answered with %s, and kept as %v", resp.Status, pictures)
	} else if info, err := os.Stat(pictures[0]); err != nil || strconv.Itoa(int(info.Sys().(*syscall.Stat_t).Uid)) != u.Uid {
		t.Errorf("the picture's file belongs to somebody else than %s, %v", u.Uid, err)
	}

	threads, err := filepath.Glob("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/task/*/status")
	if err != nil || len(threads) < 2 {
		t.Fatalf("%v, %v", threads, err)
	}
	for _, path := range threads {
		status, err := os.ReadFile(path)
		for _, want := range []string{"Uid:" + strings.Repeat("\t"+u.Uid, 4), "Gid:" + strings.Repeat("\t"+u.Gid, 4), "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"} {
			if !strings.Contains(string(status), want+"\n") {
				t.Errorf("%s lacks %q, %v", path, want, err)
			}
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("chatd ended with %v", err)
	}
}

// Chatd does not serve as root when it was told not to.
func TestNoSuchUser(t *testing.T) {
	said, stderr, _ := os.Pipe()
	exit := run(context.Background(), []string{"-listen", "127.0.0.1:0", "-user", "no-such-user"}, os.Stdout, stderr)
	stderr.Close()
	line, _ := bufio.NewReader(said).ReadString('\n')
	said.Close()
	if exit != daemon.ExitError || !strings.Contains(line, `-user: there is no user "no-such-user"`) {
		t.Errorf("exit %d, said %q", exit, line)
	}
}
