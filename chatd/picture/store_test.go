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

// say puts a picture, and has a message refer to it.
func say(t testing.TB, s *Store, data []byte) string {
	t.Helper()
	id := put(t, s, data)
	if err := s.Use(id); err != nil {
		t.Fatal(err)
	}
	return id
}

func has(t testing.TB, s *Store, id string) bool {
	t.Helper()
	here, err := s.Has(id)
	if err != nil {
		t.Fatal(err)
	}
	return here
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
	s := open(t, path, 1e6, 1e6)
	if err := s.Belong("one"); err != nil {
		t.Fatal(err)
	}
	data := photo(t, 60, 40, 1)
	id := say(t, s, data)
	if !chat.ValidPictureID(id) || !has(t, s, id) || !bytes.Equal(get(t, s, id), data) {
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
	s = open(t, path, 1e6, 1e6)
	if err := s.Belong("one"); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(get(t, s, id), data) {
		t.Error("the picture did not last beyond a restart")
	}
	if _, err := os.Stat(filepath.Join(path, tempName+"X")); err == nil {
		t.Error("what was not whole is still there after a restart")
	}
	if has(t, s, "x") {
		t.Error("what is no picture is one now")
	}

	// Another log has other pictures.
	if err := s.Belong("two"); err != nil {
		t.Fatal(err)
	}
	if has(t, s, id) {
		t.Error("the picture outlived its log")
	}
	if _, err := os.Stat(filepath.Join(path, id+suffix)); err == nil {
		t.Error("the file outlived its log")
	}
	if s = open(t, path, 1e6, 1e6); s.epoch != "two" {
		t.Errorf("after a restart the epoch is %q", s.epoch)
	}
}

// TestQuota says a hundred pictures where ten have room: the newest ten are
// there, whatever the clock says, and those that were sent again are new.
func TestQuota(t *testing.T) {
	path := t.TempDir()
	data := make([][]byte, 100)
	for i := range data {
		data[i] = photo(t, 32, 32, i)
	}
	one := taken(int64(len(data[0])))
	s := open(t, path, 10*one, one)
	var ids []string
	for _, d := range data[:50] {
		ids = append(ids, say(t, s, d))
	}
	put(t, s, data[40]) // the oldest that is there: it is the newest now

	// The box was off, and has no clock: it believes that it is long ago.
	for i, id := range append(ids[41:50:50], ids[40]) {
		then := time.Unix(2_000_000_000, int64(i)*1e6)
		if err := os.Chtimes(filepath.Join(path, id+suffix), then, then); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, path, 10*one, one)
	say(t, s, data[50])
	if has(t, s, ids[41]) || !has(t, s, ids[40]) || !has(t, s, ids[42]) {
		t.Errorf("after one more, 40 is there: %t, 41: %t, 42: %t", has(t, s, ids[40]), has(t, s, ids[41]), has(t, s, ids[42]))
	}
	newest := say(t, s, data[51])
	s = open(t, path, one, one)
	if !has(t, s, newest) || len(s.files) != 1 {
		t.Errorf("with room for one, %d are there, the newest among them: %t", len(s.files), has(t, s, newest))
	}
	files, err := os.ReadDir(path)
	if err != nil || len(files) != 1 {
		t.Errorf("in the folder are %v, %v", files, err)
	}
	if _, err := open(t, t.TempDir(), one, one-1).Put(data[0]); err == nil {
		t.Error("a picture larger than the quota was kept")
	}
}

// TestPostedAndNotSaid: whoever posts and says nothing pushes out only what others have not said
// either, before a restart and after it.
func TestPostedAndNotSaid(t *testing.T) {
	path := t.TempDir()
	s := open(t, path, 3*block, 2*block)
	var said []string
	for i := range 3 {
		said = append(said, say(t, s, photo(t, 16, 16, i)))
	}
	flood := func(from int) (last string) {
		for i := range 20 {
			last = put(t, s, photo(t, 16, 16, from+i))
		}
		return last
	}
	last := flood(100)
	if !s.Fresh(last) || s.Fresh(said[0]) {
		t.Errorf("what was posted is fresh: %t, what was said: %t", s.Fresh(last), s.Fresh(said[0]))
	}
	if err := s.Belong(s.epoch); err != nil || s.Fresh(last) || !has(t, s, last) {
		t.Errorf("the log was read afresh, %v: what was posted is fresh: %t, and here: %t", err, s.Fresh(last), has(t, s, last))
	}
	put(t, s, photo(t, 16, 16, 119))
	if !s.Fresh(last) {
		t.Error("posted again, it is not fresh")
	}
	if s = open(t, path, 3*block, 2*block); s.Fresh(last) || !has(t, s, last) {
		t.Errorf("after a restart, what was posted is fresh: %t, and here: %t", s.Fresh(last), has(t, s, last))
	}
	last = flood(200)
	for i, id := range said {
		if !has(t, s, id) {
			t.Errorf("picture %d was said, and is gone", i)
		}
	}
	if len(s.files) != 5 {
		t.Errorf("%d pictures are kept, where three and two have room", len(s.files))
	}
	if err := s.Use(last); err != nil || !has(t, s, last) || s.Fresh(last) || has(t, s, said[0]) {
		t.Errorf("said: %v; it is here: %t, fresh: %t, and the oldest is here: %t", err, has(t, s, last), s.Fresh(last), has(t, s, said[0]))
	}
	if err := s.Use("none"); err != nil || has(t, s, "none") {
		t.Errorf("a message with a picture that is not here: %v", err)
	}
	dir, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if s, err := Open(dir, 256e6); err != nil || s.said.quota+s.fresh.quota != 256e6 || s.fresh.quota != 16e6 {
		t.Errorf("of 256 MB %d are for what is said and %d for what is not, %v", s.said.quota, s.fresh.quota, err)
	}
}

// TestTorn tears files in every way that a power cut or a card does. None is a picture, neither where it
// is asked for first nor later, and each can be sent again.
func TestTorn(t *testing.T) {
	whole := photo(t, 64, 48, 5)
	bit := bytes.Clone(whole)
	bit[len(bit)/3] ^= 1
	for what, torn := range map[string][]byte{
		"empty": {}, "a byte": whole[:1], "half": whole[:len(whole)/2], "all but the last byte": whole[:len(whole)-1],
		"zeros": make([]byte, len(whole)), "one bit": bit, "one byte more": append(bytes.Clone(whole), 0), "far too long": append(bytes.Clone(whole), make([]byte, 2*MaxBytes)...),
	} {
		for first, ask := range map[string]func(s *Store, id string) bool{
			"Has": func(s *Store, id string) bool { return has(t, s, id) },
			"Get": func(s *Store, id string) bool { return get(t, s, id) != nil },
			"Put": func(s *Store, id string) bool { return false },
		} {
			for _, isSaid := range []bool{true, false} {
				t.Run(fmt.Sprint(what, first, isSaid), func(t *testing.T) {
					path := t.TempDir()
					s := open(t, path, 1e6, 1e6)
					id := put(t, s, whole)
					if isSaid {
						s.Use(id)
					}
					if err := os.WriteFile(filepath.Join(path, s.files[id].name()), torn, 0o600); err != nil {
						t.Fatal(err)
					}
					s = open(t, path, 1e6, 1e6)
					if ask(s, id) {
						t.Error("it is taken for a picture")
					}
					if first != "Put" && len(s.files)+int(s.said.bytes+s.fresh.bytes) != 0 {
						t.Error("it counts into the quota")
					}
					if put(t, s, whole) != id || !bytes.Equal(get(t, s, id), whole) {
						t.Error("it was sent again, and is not there")
					}
					if s = open(t, path, 1e6, 1e6); !bytes.Equal(get(t, s, id), whole) {
						t.Error("after a restart it is not there")
					}
				})
			}
		}
	}
}

// TestCheckedOnce: a picture is read once to be checked, and never again.
func TestCheckedOnce(t *testing.T) {
	path := t.TempDir()
	id := say(t, open(t, path, 1e6, 1e6), photo(t, 20, 20, 1))
	s := open(t, path, 1e6, 1e6)
	if s.files[id].whole || !has(t, s, id) || !s.files[id].whole {
		t.Error("it is checked when the store is opened, or never")
	}
}

// TestCannotBeOpened: what cannot be opened now may be there later, and stays.
func TestCannotBeOpened(t *testing.T) {
	path := t.TempDir()
	data := photo(t, 20, 20, 1)
	id := say(t, open(t, path, 1e6, 1e6), data)
	s := open(t, path, 1e6, 1e6)
	name := filepath.Join(path, id+suffix)
	if err := errors.Join(os.Rename(name, name+"x"), os.Symlink(id+suffix, name)); err != nil { // ELOOP, for root, too
		t.Fatal(err)
	}
	if _, err := s.Get(id); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("it cannot be opened: %v", err)
	}
	if err := os.Rename(name+"x", name); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(get(t, s, id), data) {
		t.Error("it can be opened again, and is not there")
	}
}

// TestTogether has many at once.
func TestTogether(t *testing.T) {
	s := open(t, t.TempDir(), 20*block, 10*block)
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
				if n%2 == 0 {
					if err := s.Use(id); err != nil {
						t.Error(err)
					}
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
	if s.said.bytes > s.said.quota || s.fresh.bytes > s.fresh.quota || int64(len(s.files)*block) != s.said.bytes+s.fresh.bytes {
		t.Errorf("%d files: %d bytes are said, of %d, and %d fresh, of %d", len(s.files), s.said.bytes, s.said.quota, s.fresh.bytes, s.fresh.quota)
	}
}

// TestGone: a file that somebody took away is a picture that is not here, and does
// not stop others.
func TestGone(t *testing.T) {
	path := t.TempDir()
	s := open(t, path, block, block)
	id := put(t, s, photo(t, 9, 9, 1))
	if err := os.Remove(filepath.Join(path, id+freshSuffix)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(id); !errors.Is(err, ErrNone) {
		t.Errorf("it is gone: %v", err)
	}
	put(t, s, photo(t, 9, 9, 1))
	if get(t, s, id) == nil {
		t.Error("it was sent again, and is not there")
	}
	if err := os.Remove(filepath.Join(path, id+freshSuffix)); err != nil {
		t.Fatal(err)
	}
	put(t, s, photo(t, 9, 9, 2))
}
