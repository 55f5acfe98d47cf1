package picture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"warren/chatd/chat"
)

func put(t testing.TB, s *Store, data []byte) string {
	t.Helper()
	id, err := s.Put(data)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func get(t testing.TB, s *Store, id string) []byte {
	t.Helper()
	f, err := s.Get(id)
	if errors.Is(err, ErrNone) {
		return nil
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestStore(t *testing.T) {
	path := t.TempDir()
	s := open(t, path, 1e6)
	if err := s.Belong("one"); err != nil {
		t.Fatal(err)
	}
	data := photo(t, 60, 40, 1)
	id := put(t, s, data)
	if !chat.ValidPictureID(id) || !s.Has(id) || !bytes.Equal(get(t, s, id), data) {
		t.Errorf("what was kept as %s is not there", id)
	}
	if again := put(t, s, data); again != id {
		t.Errorf("the same picture again is %s, not %s", again, id)
	}
	if files, _ := os.ReadDir(path); len(files) != 2 {
		t.Errorf("there are %v, and not one picture and the epoch", files)
	}
	for _, id := range []string{"", "epoch", "../epoch", id[1:], id + "0", "x" + id[1:]} {
		if _, err := s.Get(id); !errors.Is(err, ErrNone) {
			t.Errorf("Get(%q): %v", id, err)
		}
	}

	// After a restart all is there, but not what was being written when the power
	// went, nor what somebody else has put there.
	for _, name := range []string{tempName + "X", "notes.txt", "x.jpg"} {
		if err := os.WriteFile(filepath.Join(path, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, path, 1e6)
	if err := s.Belong("one"); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(get(t, s, id), data) {
		t.Error("the picture did not last beyond a restart")
	}
	if _, err := os.Stat(filepath.Join(path, tempName+"X")); err == nil {
		t.Error("what was not whole is still there after a restart")
	}
	if s.Has("x") {
		t.Error("what is no picture is one now")
	}

	// Another log has other pictures.
	if err := s.Belong("two"); err != nil {
		t.Fatal(err)
	}
	if s.Has(id) {
		t.Error("the picture outlived its log")
	}
	if _, err := os.Stat(filepath.Join(path, id+suffix)); err == nil {
		t.Error("the file outlived its log")
	}
	if s = open(t, path, 1e6); s.epoch != "two" {
		t.Errorf("after a restart the epoch is %q", s.epoch)
	}
}

// TestQuota keeps a hundred pictures where ten have room: the newest ten are
// there, whatever the clock says, and those that were sent again are new.
func TestQuota(t *testing.T) {
	path := t.TempDir()
	data := make([][]byte, 100)
	for i := range data {
		data[i] = photo(t, 32, 32, i)
	}
	one := taken(int64(len(data[0])))
	s := open(t, path, 10*one)
	var ids []string
	for _, d := range data[:50] {
		ids = append(ids, put(t, s, d))
	}
	put(t, s, data[40]) // the oldest that is there: it is the newest now

	// The box was off, and has no clock: it believes that it is long ago.
	for i, id := range append(ids[41:50:50], ids[40]) {
		then := time.Unix(2_000_000_000, int64(i)*1e6)
		if err := os.Chtimes(filepath.Join(path, id+suffix), then, then); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, path, 10*one)
	put(t, s, data[50])
	if s.Has(ids[41]) || !s.Has(ids[40]) || !s.Has(ids[42]) {
		t.Errorf("after one more, 40 is there: %t, 41: %t, 42: %t", s.Has(ids[40]), s.Has(ids[41]), s.Has(ids[42]))
	}
	newest := put(t, s, data[51])
	s = open(t, path, one)
	if !s.Has(newest) || s.ages.Len() != 1 {
		t.Errorf("with room for one, %d are there, the newest among them: %t", s.ages.Len(), s.Has(newest))
	}
	files, err := os.ReadDir(path)
	if err != nil || len(files) != 1 {
		t.Errorf("in the folder are %v, %v", files, err)
	}
	if _, err := open(t, t.TempDir(), one-1).Put(data[0]); err == nil {
		t.Error("a picture larger than the quota was kept")
	}
}

// TestTogether has many at once.
func TestTogether(t *testing.T) {
	s := open(t, t.TempDir(), 20*block)
	var all sync.WaitGroup
	for i := range 8 {
		data := photo(t, 16, 16, i)
		all.Go(func() {
			for n := range 50 {
				id, err := s.Put(data)
				if err != nil {
					t.Error(err)
					return
				}
				if f, err := s.Get(id); err == nil {
					f.Close()
				} else if !errors.Is(err, ErrNone) {
					t.Error(err)
				}
				if n%20 == 0 {
					if err := s.Belong(fmt.Sprint("log ", n, i)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if s.bytes > s.quota || int64(len(s.files)*block) != s.bytes {
		t.Errorf("%d files of %d bytes, with a quota of %d", len(s.files), s.bytes, s.quota)
	}
}

// TestGone: a file that somebody took away is a picture that is not here, and does
// not stop others.
func TestGone(t *testing.T) {
	path := t.TempDir()
	s := open(t, path, block)
	id := put(t, s, photo(t, 9, 9, 1))
	if err := os.Remove(filepath.Join(path, id+suffix)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(id); !errors.Is(err, ErrNone) {
		t.Errorf("it is gone: %v", err)
	}
	put(t, s, photo(t, 9, 9, 1))
	if get(t, s, id) == nil {
		t.Error("it was sent again, and is not there")
	}
	if err := os.Remove(filepath.Join(path, id+suffix)); err != nil {
		t.Fatal(err)
	}
	put(t, s, photo(t, 9, 9, 2))
}
