package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"warren/appliance/supervise"
	"warren/chatd/daemon"
)

// fake returns a keeper whose crun is a shell script: run is what `crun run`
// does. What crun is called with is in the file calls.
func fake(t *testing.T, run string) (k *keeper, calls func() string) {
	t.Helper()
	dir := t.TempDir()
	img := filepath.Join(dir, "img")
	for _, path := range []string{"crun", "rootfs/usr/lib/erlang/erts-1/bin", "rootfs/usr/lib/rabbitmq/lib/rabbitmq_server-4.0.5/plugins"} {
		if err := os.MkdirAll(filepath.Join(img, path), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	log := filepath.Join(dir, "calls")
	script := fmt.Sprintf(`#!/bin/sh
shift 2 # --root DIR --cgroup-manager=cgroupfs
echo "$*" >>%s
case "$2" in run) %s
;; esac
`, log, run)
	err := errors.Join(
		os.WriteFile(filepath.Join(img, "crun/crun"), []byte(script), 0o755),
		os.WriteFile(filepath.Join(img, "rootfs/usr/lib/erlang/erts-1/bin/erlexec"), nil, 0o755))
	if err != nil {
		t.Fatal(err)
	}
	k = &keeper{
		container: container{img: img, run: filepath.Join(dir, "run"), data: filepath.Join(dir, "perm", "rabbitmq"), stop: 5 * time.Second},
		keepMB:    64,
		wait:      supervise.Backoff{Min: time.Millisecond, Max: 10 * time.Millisecond},
		url:       "amqp://warren:secret@" + closedPort(t),
		times:     times{start: time.Minute, stream: time.Minute, poll: 10 * time.Millisecond, look: 10 * time.Millisecond, dial: time.Second, card: 10 * time.Millisecond},
		log:       quiet(),
		card:      func() error { return nil },
		tell:      func(string) error { return nil },
		onTrial:   func() bool { return false },
		diskSize:  func(string) (uint64, error) { return 1 << 30, nil },
		flush:     func(string) func() error { return func() error { return nil } },
	}
	onCard := place{url: k.url, data: k.container.data}
	k.find = func() (place, error) { return onCard, nil }
	if err := os.MkdirAll(k.container.run, 0o755); err != nil {
		t.Fatal(err)
	}
	k.state = &stateFile{path: filepath.Join(dir, "broker.state"), log: quiet()}
	return k, func() string {
		b, _ := os.ReadFile(log)
		return string(b)
	}
}

// closedPort returns an address at which nothing answers.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// running runs a keeper and returns what ends it.
func running(t *testing.T, k *keeper) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { k.run(ctx); close(done) }()
	end = func() { cancel(); <-done }
	t.Cleanup(end)
	return end
}

const speaks = `echo "2026-11-22 14:26:53.594877+00:00 [info] <0.2.0> Starting"; `

func TestStartedAgainWhenItDies(t *testing.T) {
	k, calls := fake(t, speaks+"exit 3")
	end := running(t, k)
	eventually(t, "three starts", func() bool { return strings.Count(calls(), " run ") >= 3 })
	end()
	if s := readState(t, k.state.path); s.Starts < 3 {
		t.Errorf("the state is %+v", s)
	}
	// What an earlier life left is removed before each start.
	lines := strings.Split(strings.TrimSpace(calls()), "\n")
	for i, line := range lines {
		if want := []string{"delete --force", "run --bundle"}[i%2]; !strings.Contains(line, want) {
			t.Errorf("call %d is %q, want %q", i, line, want)
		}
	}
	for path, mode := range map[string]os.FileMode{
		filepath.Join(k.container.run, "etc"):               0o750 | os.ModeDir,
		filepath.Join(k.container.run, "etc/rabbitmq.conf"): 0o640, filepath.Join(k.container.run, "bundle/config.json"): 0o600,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestStateSaysWhy(t *testing.T) {
	k, _ := fake(t, "exit 7")
	running(t, k)
	// It is started again soon, and then it is not failed any more.
	var last []byte
	eventually(t, "failed", func() bool {
		last, _ = os.ReadFile(k.state.path)
		return strings.Contains(string(last), failed)
	})
	if !strings.Contains(string(last), "RabbitMQ has ended: exit status 7") {
		t.Errorf("the state is %s", last)
	}
}

func TestStopsCleanly(t *testing.T) {
	k, calls := fake(t, "trap 'exit 0' TERM; "+speaks+"while :; do sleep 0.01; done")
	end := running(t, k)
	eventually(t, "a start", func() bool { return strings.Contains(calls(), " run ") })
	time.Sleep(200 * time.Millisecond)
	begin := time.Now()
	end()
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("the stop took %v", d)
	}
}

// TestGivesDataUp is about data with which RabbitMQ does not start.
func TestGivesDataUp(t *testing.T) {
	k, calls := fake(t, speaks+"exit 1")
	k.wait.Min, k.wait.Max = 300*time.Millisecond, 300*time.Millisecond // time to look between two starts
	words := filepath.Join(k.container.data, "words")
	if err := errors.Join(os.MkdirAll(k.container.data, 0o700), os.WriteFile(words, []byte("said"), 0o600),
		os.WriteFile(filepath.Join(k.container.data, wellName), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	end := running(t, k)
	aside := k.container.data + asideExt
	eventually(t, "set aside", func() bool { _, err := os.Stat(aside); return err == nil })
	// Two starts took that; the next ones begin with nothing and fail too, and
	// what was said stays where it is.
	if n := strings.Count(calls(), " run "); n != maxStrikes {
		t.Errorf("given up after %d starts", n)
	}
	eventually(t, "another start", func() bool { return strings.Count(calls(), " run ") >= maxStrikes+2 })
	end()
	if b, err := os.ReadFile(filepath.Join(aside, "words")); string(b) != "said" {
		t.Errorf("what was said: %q, %v", b, err)
	}
	if s := readState(t, k.state.path); !strings.Contains(s.SetAside, "What was said before is kept in "+aside) {
		t.Errorf("the state is %+v", s)
	}
}

// TestKeepsDataIfItIsNotToBlame is about a crun that cannot start anything.
func TestKeepsDataIfItIsNotToBlame(t *testing.T) {
	k, calls := fake(t, "echo 'cgroups are not there' >&2; exit 1")
	words := filepath.Join(k.container.data, "words")
	if err := errors.Join(os.MkdirAll(k.container.data, 0o700), os.WriteFile(words, []byte("said"), 0o600)); err != nil {
		t.Fatal(err)
	}
	end := running(t, k)
	eventually(t, "three starts", func() bool { return strings.Count(calls(), " run ") >= 3 })
	end()
	if b, err := os.ReadFile(words); string(b) != "said" {
		t.Errorf("what was said: %q, %v", b, err)
	}
}

func TestHangingCrunIsGivenUp(t *testing.T) {
	k, calls := fake(t, "trap '' TERM; "+speaks+"while :; do sleep 0.05; done")
	k.container.stop = 300 * time.Millisecond
	end := running(t, k)
	eventually(t, "a start", func() bool { return strings.Contains(calls(), " run ") })
	time.Sleep(200 * time.Millisecond)
	begin := time.Now()
	end()
	if d := time.Since(begin); d < k.container.stop || d > 5*time.Second {
		t.Errorf("the stop took %v, want %v", d, k.container.stop)
	}
	if strings.Count(calls(), "delete --force") != 2 {
		t.Errorf("the container was not removed by force:\n%s", calls())
	}
}

func TestAnotherBroker(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	const url = "amqp://a:b@example.org/"
	go func() {
		code <- run(ctx, []string{"-run", dir, "-image", "/does/not/exist", "-broker-url", url}, null, null)
	}()
	eventually(t, "the state", func() bool {
		b, _ := os.ReadFile(filepath.Join(dir, "broker.state"))
		return strings.Contains(string(b), elsewhere)
	})
	if b, err := os.ReadFile(filepath.Join(dir, "broker.url")); strings.TrimSpace(string(b)) != url {
		t.Errorf("the URL is %q, %v", b, err)
	}
	cancel()
	if c := <-code; c != daemon.ExitError {
		t.Errorf("exit code %d: the system would not start the daemon again", c)
	}
}

// A card that cannot be written any more while RabbitMQ runs: it goes on in memory at
// once, the data on the card stay as they are, and everybody is told.
func TestGoesOnInMemory(t *testing.T) {
	k, calls := fake(t, "trap 'exit 0' TERM; "+speaks+"while :; do sleep 0.01; done")
	memory := place{url: "amqp://warren:other@" + closedPort(t), data: filepath.Join(t.TempDir(), "memory", "rabbitmq"), inMemory: "The card cannot be written."}
	var broken atomic.Bool
	onCard := place{url: k.url, data: k.container.data}
	k.find = func() (place, error) {
		if broken.Load() {
			return memory, nil
		}
		return onCard, nil
	}
	k.card = func() error {
		if broken.Load() {
			return errReadOnly
		}
		return nil
	}
	told := make(chan string, 10)
	k.tell = func(url string) error { told <- url; return nil }
	if err := errors.Join(os.MkdirAll(onCard.data, 0o700), os.WriteFile(filepath.Join(onCard.data, "said"), []byte("hello"), 0o600), k.choose()); err != nil {
		t.Fatal(err)
	}
	running(t, k)
	eventually(t, "a start", func() bool { return strings.Contains(calls(), " run ") })
	broken.Store(true)
	spec := func() string {
		b, _ := os.ReadFile(filepath.Join(k.container.run, "bundle/config.json"))
		return string(b)
	}
	eventually(t, "RabbitMQ in memory", func() bool {
		return strings.Count(calls(), " run ") == 2 && strings.Contains(spec(), memory.data)
	})
	if s := readState(t, k.state.path); s.InMemory != memory.inMemory || s.State == failed {
		t.Errorf("the state is %+v", s)
	}
	if first, second := <-told, <-told; first != onCard.url || second != memory.url {
		t.Errorf("the others are told %q and %q", first, second)
	}
	if b, err := os.ReadFile(filepath.Join(onCard.data, "said")); string(b) != "hello" {
		t.Errorf("on the card there is %q, %v", b, err)
	}
	conf, _ := os.ReadFile(filepath.Join(k.container.run, "etc/rabbitmq.conf"))
	for _, want := range []string{"default_pass = other\n", fmt.Sprintf("disk_free_limit.absolute = %d\n", memoryFree)} {
		if !strings.Contains(string(conf), want) {
			t.Errorf("the configuration lacks %q:\n%s", want, conf)
		}
	}
}
