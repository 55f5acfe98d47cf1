package known

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var (
	ada = []byte{2, 0, 0, 0, 0, 1}
	bob = []byte{2, 0, 0, 0, 0, 2}
)

func open(t *testing.T, path string) (*Phones, *bytes.Buffer) {
	t.Helper()
	dir, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	var log bytes.Buffer
	return Open(dir, slog.New(slog.NewTextHandler(&log, nil))), &log
}

// runFor runs p for a time, and ends it.
func runFor(t *testing.T, p *Phones, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx) }()
	time.Sleep(d)
	cancel()
	<-ended
}

// What was known is known after a restart, by hardware address only.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir()
		p, _ := open(t, path)
		if added, n := p.Add(p.ByHardware(ada)); !added || n != 1 {
			t.Errorf("added %v, %d known", added, n)
		}
		if added, n := p.Add(p.ByHardware(ada)); added || n != 1 {
			t.Errorf("again: added %v, %d known", added, n)
		}
		p.Add(p.ByAddress([]byte{10, 1, 1, 20}))
		runFor(t, p, 0) // it ends at once, and has written

		p, log := open(t, path)
		if !p.Has(p.ByHardware(ada)) || p.Has(p.ByHardware(bob)) {
			t.Errorf("known are Ada: %v, Bob: %v; %s", p.Has(p.ByHardware(ada)), p.Has(p.ByHardware(bob)), log)
		}
		if p.Has(p.ByAddress([]byte{10, 1, 1, 20})) {
			t.Error("an IP address, which may be another's by now, is known")
		}
	})
}

// The file says nothing that could be read, only root and its owner may try, and
// another card has other hashes.
func TestFileIsPrivate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var files []string
		for range 2 {
			path := t.TempDir()
			p, _ := open(t, path)
			p.Add(p.ByHardware(ada))
			runFor(t, p, 0)
			data, err := os.ReadFile(filepath.Join(path, fileName))
			if err != nil || strings.Contains(string(data), fmt.Sprintf("%x", ada)) {
				t.Errorf("%v, %s", err, data)
			}
			files = append(files, p.ByHardware(ada).String())
			if fi, err := os.Stat(filepath.Join(path, fileName)); err != nil || fi.Mode().Perm() != 0o600 {
				t.Errorf("the file's mode is %v, %v", fi.Mode(), err)
			}
		}
		if files[0] == files[1] {
			t.Error("two cards have the same hash of a phone")
		}
	})
}

// A hall that joins at once costs one write in savePause.
func TestWritesAreRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir()
		p, _ := open(t, path)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); p.Run(ctx) }()
		count := func() int {
			again, _ := open(t, path)
			return len(again.order)
		}
		for i := range 200 {
			p.Add(p.ByHardware(binary.BigEndian.AppendUint16(nil, uint16(i))))
		}
		time.Sleep(savePause - time.Millisecond)
		synctest.Wait()
		if n := count(); n != 0 {
			t.Errorf("%d phones were written at once", n)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if n := count(); n != 200 {
			t.Errorf("%d phones are written after %v", n, savePause)
		}
		p.Add(p.ByHardware(ada))
		cancel()
		<-ended
		if n := count(); n != 201 {
			t.Errorf("%d phones are written at the end", n)
		}
	})
}

// The one that came first is forgotten first, also by the file.
func TestBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir()
		p, _ := open(t, path)
		phone := func(p *Phones, i int) Phone { return p.ByHardware(binary.BigEndian.AppendUint32(nil, uint32(i))) }
		for i := range 2*most + 1 {
			p.Add(phone(p, i))
		}
		check := func(p *Phones) {
			t.Helper()
			if len(p.order) != most || len(p.set) != most || p.Has(phone(p, most)) || !p.Has(phone(p, most+1)) || !p.Has(phone(p, 2*most)) {
				t.Errorf("%d in order, %d in the set", len(p.order), len(p.set))
			}
		}
		check(p)
		runFor(t, p, 0)
		if fi, err := os.Stat(filepath.Join(path, fileName)); err != nil || fi.Size() > 100_000 {
			t.Errorf("the file has %d bytes, %v", fi.Size(), err)
		}
		again, _ := open(t, path)
		check(again)
	})
}

// A damaged file is logged, and costs everybody one tap.
func TestDamagedFile(t *testing.T) {
	key := strings.Repeat("ab", 32)
	for _, content := range []string{
		"", "{", "\x00\x00", `{"key":"ab","phones":[]}`, `{"phones":[]}`,
		`{"key":"` + key + `","phones":["0123456789abcdef","01"]}`,
		`{"key":"` + key + `","phones":["0123456789abcdeg"]}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			path := t.TempDir()
			os.WriteFile(filepath.Join(path, fileName), []byte(content), 0o600)
			p, log := open(t, path)
			if len(p.order) != 0 || p.key == [32]byte{} || !strings.Contains(log.String(), "tap Continue once more") {
				t.Errorf("%q: %d known, logged %s", content, len(p.order), log)
			}
			p.Add(p.ByHardware(ada))
			runFor(t, p, 0)
			if again, log := open(t, path); !again.Has(again.ByHardware(ada)) {
				t.Errorf("%q: it stays damaged: %s", content, log)
			}
		})
	}
}

// A card that cannot be written is logged, and phones are known as long as the
// process lives.
func TestUnwritable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir()
		os.Mkdir(filepath.Join(path, newName), 0o700) // in the way
		p, log := open(t, path)
		p.Add(p.ByHardware(ada))
		runFor(t, p, 0)
		if !p.Has(p.ByHardware(ada)) || !strings.Contains(log.String(), "cannot be kept") {
			t.Errorf("logged %s", log)
		}
		memory := Open(nil, slog.New(slog.DiscardHandler))
		memory.Add(memory.ByHardware(ada))
		memory.Run(t.Context())
		if !memory.Has(memory.ByHardware(ada)) {
			t.Error("it is not known without a folder")
		}
	})
}

// Whatever is in the file, it is read or refused whole.
func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"key":"` + strings.Repeat("00", 32) + `","phones":["0123456789abcdef"]}`))
	f.Add([]byte(`{"key":null,"phones":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := t.TempDir()
		os.WriteFile(filepath.Join(path, fileName), data, 0o600)
		p, log := open(t, path)
		if len(p.order) > most || len(p.order) != len(p.set) || log.Len() > 0 && len(p.order) > 0 {
			t.Errorf("%d in order, %d in the set, %s", len(p.order), len(p.set), log)
		}
	})
}
