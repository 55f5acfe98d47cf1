package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"warren/chatd/daemon"
)

func TestFlags(t *testing.T) {
	for _, test := range []struct{ arg, want string }{
		{"-listen=80", "must be an address and a port"},
		{"-wifi-name=", "must be the name of the Wi-Fi"},
		{"-chat-url=10.1.1.1:8081", "must look like http://10.1.1.1:8081/"},
		{"-chat-url=https://10.1.1.1/", "must look like http://10.1.1.1:8081/"},
		{"-chat-url=http://u:secret@10.1.1.1/", "must look like"},
	} {
		var out, errs bytes.Buffer
		if _, exit, ok := parse([]string{test.arg}, &out, &errs); ok || exit != daemon.ExitUsage || !strings.Contains(errs.String(), test.want) {
			t.Errorf("%s: exit %d, said %q", test.arg, exit, &errs)
		}
	}
	o, _, ok := parse([]string{"-chat-url=http://10.1.1.1:8081"}, os.Stdout, os.Stderr)
	if !ok || o.chat.String() != "http://10.1.1.1:8081/" || portOf(o.chat) != 8081 {
		t.Errorf("%v: the chat is at %v", ok, o.chat)
	}
	for listen, want := range map[string]string{"[::]:80": "10.1.1.1", "127.0.0.1:8080": "10.1.1.1:8080"} {
		addr, err := net.ResolveTCPAddr("tcp", listen)
		if err != nil {
			t.Fatal(err)
		}
		if got := hostOf(o.chat, addr); got != want {
			t.Errorf("on %s the page is at %s, not %s", listen, got, want)
		}
	}
}

// The system would not start a daemon again that ends with 0.
func TestNeverEndsWell(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, args := range [][]string{
		{"-listen", "127.0.0.1:0"}, {"-listen", taken.Addr().String()}, {"-listen", "127.0.0.1:0", "-user", "nobody-of-this-name"},
		{"-listen", "127.0.0.1:0", "-remember", "/dev/null/folder"},
	} {
		if exit := run(ctx, args, null, null); exit != daemon.ExitError {
			t.Errorf("%v ends with %d", args, exit)
		}
	}
}

// The binary, started as root with the addresses of the box, becomes another
// user, and still remembers phones in a folder which that user could not get to
// by its path.
func TestWithoutRoot(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "portal")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	folder := filepath.Join(dir, "perm", "portal")
	for boot, first := range []int{http.StatusFound, http.StatusNoContent} { // what a probe gets first
		cmd := exec.Command(bin, "-user=nobody", "-remember="+folder)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		log := bufio.NewReader(stderr)
		line, err := log.ReadString('\n')
		if !strings.Contains(line, "page=http://10.1.1.1 chat=http://10.1.1.1:8081/") {
			t.Fatalf("the portal says %q, %v", line, err)
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		if err != nil || !regexp.MustCompile(`(?m)^Uid:\t[1-9]\d*\t[1-9]`).Match(status) || !strings.Contains(string(status), "CapEff:\t0000000000000000") {
			t.Errorf("it has not given its rights up: %v\n%s", err, status)
		}
		b := &box{t: t, addr: "192.0.2.1:80"} // where all names lead
		ada, bob := b.phone("10.1.1.20"), b.phone("10.1.1.21")
		const probe = "http://connectivitycheck.gstatic.com/generate_204"
		if a := ada.ask("GET", probe); a.status != first {
			t.Errorf("boot %d: Ada's probe got %d, not %d", boot, a.status, first)
		}
		ada.ask("POST", "http://10.1.1.1/sheet")
		ada.gets(204, "", ada.ask("GET", probe))
		bob.isLedTo("http://10.1.1.1/browser", bob.ask("GET", probe))
		cmd.Process.Signal(syscall.SIGTERM)
		rest, _ := io.ReadAll(log)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != daemon.ExitError || strings.Contains(string(rest), "level=WARN") {
			t.Errorf("it ended with %d and said %s", code, rest)
		}
	}
}
