package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"warren/chatd/daemon"
)

func TestMain(m *testing.M) {
	if os.Getuid() != 0 {
		chown = func(string, int, int) error { return nil }
	}
	goleak.VerifyTestMain(m)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// log returns a log and what is in it; the latter after all writing has ended.
func textLog(t *testing.T) (*slog.Logger, func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug})), func() string {
		b, _ := os.ReadFile(path)
		return string(b)
	}
}

func readState(t *testing.T, path string) (s state) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return s
}

// eventually waits until ok, for what another goroutine does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what + ": not so after a minute")
		}
	}
}

func TestPasswordIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warren", "broker.url")
	first, err := ownURL(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first, "amqp://warren:") || !strings.HasSuffix(first, "@127.0.0.1:5672") || len(password(first)) < 26 {
		t.Errorf("the URL is of the form %q", strings.ReplaceAll(first, password(first), "…"))
	}
	again, err := ownURL(path)
	if err != nil || again != first {
		t.Errorf("the second time it is another: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its file: %v, %v", info.Mode(), err)
	}
	other, err := ownURL(filepath.Join(t.TempDir(), "broker.url"))
	if err != nil || password(other) == password(first) {
		t.Errorf("two cards have one password, %v", err)
	}
	for _, torn := range []string{"", "amqp://warren:", "\x00\x00\x00", "amqp://guest:guest@127.0.0.1:5672"} {
		if err := os.WriteFile(path, []byte(torn), 0o600); err != nil {
			t.Fatal(err)
		}
		if made, err := ownURL(path); err != nil || len(password(made)) < 26 {
			t.Errorf("after a file %q: %v", torn, err)
		}
	}
}

func TestWriteFileIsWholeOrNot(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	gid := os.Getgid()
	for _, text := range []string{"one", "two"} {
		if err := writeFile(path, []byte(text), 0o640, gid, true); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(path); string(b) != text {
			t.Errorf("it holds %q", b)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o640 || int(info.Sys().(*syscall.Stat_t).Gid) != gid {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := writeFile(filepath.Join(dir, "none", "f"), nil, 0o600, 0, false); err == nil {
		t.Error("a file in no folder is written")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestState(t *testing.T) {
	log, said := textLog(t)
	f := &stateFile{path: filepath.Join(t.TempDir(), "broker.state"), log: log}
	f.set(starting, "")
	f.set(failed, "it has ended")
	f.set(failed, "it has ended")
	if s := readState(t, f.path); s.State != failed || s.Why != "it has ended" {
		t.Errorf("%+v", s)
	}
	f.set(up, "")
	if s := readState(t, f.path); s.State != up || s.Why != "" {
		t.Errorf("%+v", s)
	}
	if n := strings.Count(said(), "it has ended"); n != 1 {
		t.Errorf("said %d times", n)
	}
	if info, err := os.Stat(f.path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestConf(t *testing.T) {
	conf := rabbitmqConf("SECRET", freeLimit(1<<30))
	for _, want := range []string{
		"listeners.tcp.1 = 127.0.0.1:5672\n", "default_user = warren\n", "default_pass = SECRET\n",
		"vm_memory_high_watermark.absolute = 209715200\n", "disk_free_limit.absolute = 53687091\n", "log.console = true\n", "log.file = false\n",
	} {
		if !strings.Contains(conf, want) {
			t.Errorf("the configuration lacks %q", want)
		}
	}
	if strings.Count(conf, "listeners") != 1 || strings.Contains(conf, "guest") || strings.Contains(conf, "definitions") {
		t.Errorf("the configuration has too much in it:\n%s", conf)
	}
	for size, want := range map[uint64]uint64{0: minFree, 900 << 20: minFree, 4 << 30: 4 << 30 / 20, 1 << 40: maxFree} {
		if got := freeLimit(size); got != want {
			t.Errorf("of %d bytes %d stay free, want %d", size, got, want)
		}
	}
}

func TestLogLevels(t *testing.T) {
	log, said := textLog(t)
	for line, own := range map[string]bool{
		"2026-11-22 14:26:53.594877+00:00 [info] <0.202.0> alpha":    true,
		"2026-11-22 14:26:53.594877+00:00 [notice] <0.44.0> bravo":   true,
		"2026-11-22 14:26:53.594877+00:00 [warning] <0.4.0> charlie": true,
		"2026-11-22 14:26:53.594877+00:00 [error] <0.4.0> delta":     true,
		"2026-11-22 14:26:53.594877+00:00 [error] <0.4.0> ":          true,
		"  ##  ##      echo":     false,
		"open `/run/x`: foxtrot": false,
	} {
		if got := logRabbit(t.Context(), log, line); got != own {
			t.Errorf("%q is RabbitMQ's own: %v", line, got)
		}
	}
	for _, want := range []string{"DEBUG msg=alpha", "INFO msg=bravo", "WARN msg=charlie", "ERROR msg=delta", `DEBUG msg="  ##  ##      echo"`, "WARN msg=\"open `/run/x`: foxtrot\""} {
		if !strings.Contains(said(), want) {
			t.Errorf("the log lacks %q:\n%s", want, said())
		}
	}
	if n := strings.Count(said(), "\n"); n != 6 {
		t.Errorf("%d lines:\n%s", n, said())
	}
}

func TestSetAsideKeepsOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rabbitmq")
	for _, text := range []string{"first", "second"} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "f"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		aside := asideName(dir, "")
		if err := setAside(dir, dir, aside); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(filepath.Join(aside, "f")); string(b) != text {
			t.Errorf("aside is %q", b)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
		t.Errorf("there are %v", entries)
	}
}

func TestFlags(t *testing.T) {
	for _, test := range []struct{ arg, names, right string }{
		{"-image=x", "-image", "begins with /"},
		{"-data=", "-data", "begins with /"},
		{"-run=.", "-run", "begins with /"},
		{"-broker-url=http://user:secret@host", "-broker-url", "amqp://user:password@host:5672/"},
	} {
		var out, errs strings.Builder
		_, exit, run := parse([]string{test.arg}, &out, &errs)
		if run || exit != daemon.ExitUsage || !strings.Contains(errs.String(), test.names) || !strings.Contains(errs.String(), test.right) || strings.Contains(errs.String(), "secret") {
			t.Errorf("%s: exit %d, said %q", test.arg, exit, errs.String())
		}
	}
	t.Setenv("WARREN_BROKER_URL", "amqp://a:b@c")
	if o, _, run := parse(nil, os.Stdout, os.Stderr); !run || o.broker != "amqp://a:b@c" || o.image != "/opt/broker.squashfs" || o.data != "/perm" || o.run != "/run/warren" {
		t.Errorf("%+v", o)
	}
}

// The authority of another RabbitMQ is told with its URLs: those with TLS.
func TestURLsWithAuthority(t *testing.T) {
	for text, want := range map[string]string{
		"amqp://a:b@c:5672/":            "amqp://a:b@c:5672/",
		"amqps://a:b%2Fc@d/":            "amqps://a:b%2Fc@d/?cacertfile=%2Frun%2Fca.pem",
		"amqps://a:b@c/?heartbeat=5":    "amqps://a:b@c/?cacertfile=%2Frun%2Fca.pem&heartbeat=5",
		"amqps://a:b@c/, amqp://a:b@d/": "amqps://a:b@c/?cacertfile=%2Frun%2Fca.pem, amqp://a:b@d/",
	} {
		if got := (&options{broker: text, ca: "/run/ca.pem"}).urls(); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
		if got := (&options{broker: text}).urls(); got != text {
			t.Errorf("%s becomes %s", text, got)
		}
	}
	var errs strings.Builder
	if _, exit, run := parse([]string{"-broker-ca=x"}, os.Stdout, &errs); run || exit != daemon.ExitUsage || !strings.Contains(errs.String(), "-broker-ca") {
		t.Errorf("exit %d, said %q", exit, errs.String())
	}
}
