package flush

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestPolicy(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "stream", "log")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		// The bubble's clock orders the two goroutines; the race detector does
		// not know that.
		var mu sync.Mutex
		var all []time.Duration
		flushes := func() []time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(all)
		}
		f := &Flusher{Dir: dir, Log: slog.New(slog.DiscardHandler), Sync: func() error {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, time.Since(begin))
			return nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { f.Run(ctx); close(done) }()
		expect := func(what string, want int) {
			t.Helper()
			synctest.Wait()
			if got := flushes(); len(got) != want {
				t.Fatalf("%s: flushes at %v, want %d", what, got, want)
			}
		}
		expect("what was there before", 1)
		time.Sleep(time.Hour)
		expect("an hour of silence", 1)

		time.Sleep(300 * time.Millisecond)
		said := time.Since(begin)
		appendTo(t, file, "hello")
		time.Sleep(Every)
		expect("a message", 2)
		if late := flushes()[1] - said; late > Every {
			t.Errorf("flushed %v after it was said", late)
		}
		time.Sleep(time.Minute)
		expect("silence after it", 2)

		for range 100 { // ten seconds of ten messages each
			appendTo(t, file, "x")
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(2 * Every)
		synctest.Wait()
		if n := len(flushes()) - 2; n < 10 || n > 11 {
			t.Errorf("%d flushes in ten seconds", n)
		}

		last := len(flushes())
		appendTo(t, file, "the last word")
		cancel()
		<-done
		expect("the end", last+1)
	})
}

func TestFailureIsTriedAgainAndSaidOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		calls := 0
		f := &Flusher{Dir: dir, Log: slog.New(slog.NewTextHandler(&said, nil)), Sync: func() error {
			if calls++; calls < 4 {
				return errors.New("input/output error")
			}
			return nil
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 10*Every)
		defer cancel()
		f.Run(ctx)
		if calls != 4 || strings.Count(said.String(), "input/output error") != 1 {
			t.Errorf("%d calls, said %q", calls, said.String())
		}
	})
}

func TestMark(t *testing.T) {
	dir := t.TempDir()
	a := filepath.Join(dir, "a")
	last := mark(dir)
	for what, change := range map[string]func(){
		"a new file":    func() { appendTo(t, a, "1") },
		"a longer file": func() { appendTo(t, a, "2") },
	} {
		change()
		if now := mark(dir); now == last {
			t.Errorf("%s is not seen", what)
		} else {
			last = now
		}
	}
	if err := os.Remove(a); err != nil {
		t.Fatal(err)
	}
	if mark(dir) == last {
		t.Error("a removed file is not seen")
	}
	mark(filepath.Join(dir, "none")) // a folder that is not there is no reason to fail
}

func TestFileSystem(t *testing.T) {
	if err := FileSystem(t.TempDir())(); err != nil {
		t.Error(err)
	}
	if err := FileSystem("/does/not/exist")(); err == nil {
		t.Error("a folder that is not there is flushed")
	}
	if size, err := DiskSize(t.TempDir()); err != nil || size == 0 {
		t.Errorf("DiskSize: %d, %v", size, err)
	}
}

// BenchmarkMark looks at as many files as a room of 64 MiB has.
func BenchmarkMark(b *testing.B) {
	dir := b.TempDir()
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(dir, time.Duration(i).String()), nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		mark(dir)
	}
}
