package picture

import (
	"cmp"
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"warren/chatd/chat"
)

// A Store keeps pictures as files in a folder that nobody else writes to, each
// named by the SHA-256 of its content, up to a quota: the oldest go first. The
// pictures belong to one log: with another they go. Its methods may be called
// concurrently.
//
// A file is written beside its place and renamed, so that it is whole or not
// there. It is not flushed: a picture that a power cut took is a picture that is
// not here, which the page can show.
type Store struct {
	dir   *os.Root
	quota int64

	mu     sync.Mutex
	epoch  string
	files  map[string]*list.Element // by id
	ages   *list.List               // of file, the oldest first
	newest time.Time                // when the last of them was written, by its file
	bytes  int64
}

// file is a picture in the folder.
type file struct {
	id    string
	bytes int64 // that it takes on the disk
}

const (
	epochName = "epoch" // holds the epoch of the log that the pictures belong to
	suffix    = ".jpg"
	tempName  = "new-" // begins the name of a file that is not whole yet

	// block is what the smallest file takes of a disk: with it, a quota bounds
	// the number of files, too; 256 MB are 62,500 at most.
	block = 4096
)

// ErrNone reports that there is no such picture here.
var ErrNone = errors.New("this picture is not here: it was sent to another box, or has made room for newer ones")

// Open returns the store in dir, with what is there from before. The quota is in
// bytes.
func Open(dir *os.Root, quota int64) (*Store, error) {
	s := &Store{dir: dir, quota: quota, files: make(map[string]*list.Element), ages: list.New()}
	epoch, err := dir.ReadFile(epochName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s.epoch = string(epoch)
	entries, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return nil, err
	}
	var infos []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		id, isPicture := strings.CutSuffix(e.Name(), suffix)
		switch {
		case strings.HasPrefix(e.Name(), tempName):
			dir.Remove(e.Name()) // a power cut has left it
		case isPicture && chat.ValidPictureID(id) && info.Mode().IsRegular():
			infos = append(infos, info)
		}
	}
	slices.SortStableFunc(infos, func(a, b fs.FileInfo) int { return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano()) })
	for _, info := range infos {
		s.add(strings.TrimSuffix(info.Name(), suffix), info.Size())
		s.newest = info.ModTime()
	}
	return s, s.shrink(0)
}

// Belong says which log the pictures belong to: those of another one go.
func (s *Store) Belong(epoch string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch == s.epoch {
		return nil
	}
	for s.ages.Len() > 0 {
		if err := s.drop(s.ages.Front()); err != nil {
			return err
		}
	}
	if err := s.write(epochName, []byte(epoch)); err != nil {
		return err
	}
	s.epoch = epoch
	return nil
}

// Put keeps a picture that Check has found to be good, and returns its id. If it
// is here already, it becomes the newest.
func (s *Store) Put(data []byte) (id string, err error) {
	sum := sha256.Sum256(data)
	id = hex.EncodeToString(sum[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.files[id]; e != nil {
		s.ages.MoveToBack(e)
		if err := s.date(id + suffix); !errors.Is(err, fs.ErrNotExist) {
			return id, err
		}
		if err := s.drop(e); err != nil { // somebody has taken the file away
			return "", err
		}
	}
	if err := s.shrink(taken(int64(len(data)))); err != nil {
		return "", err
	}
	if err := s.write(id+suffix, data); err != nil {
		return "", err
	}
	s.add(id, int64(len(data)))
	return id, s.date(id + suffix)
}

// date makes a file the newest by its time, too: a machine without a clock may
// have gone back in time since the one before was written.
func (s *Store) date(name string) error {
	now := time.Now()
	if !now.After(s.newest) {
		now = s.newest.Add(time.Millisecond)
	}
	s.newest = now
	return s.dir.Chtimes(name, now, now)
}

// Has reports whether there is a picture with this id.
func (s *Store) Has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[id] != nil
}

// Get opens a picture. The caller closes it. The error is ErrNone if it is not
// here.
func (s *Store) Get(id string) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files[id] == nil {
		return nil, ErrNone
	}
	f, err := s.dir.Open(id + suffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	return f, err
}

// add notes a file as the newest. s.mu is held, as in date and in all that follows.
func (s *Store) add(id string, size int64) {
	s.files[id] = s.ages.PushBack(file{id, taken(size)})
	s.bytes += taken(size)
}

// taken is what a file of size bytes takes on the disk.
func taken(size int64) int64 { return (size + block - 1) / block * block }

// shrink drops the oldest until there is room for so many bytes more.
func (s *Store) shrink(room int64) error {
	for s.ages.Len() > 0 && s.bytes+room > s.quota {
		if err := s.drop(s.ages.Front()); err != nil {
			return err
		}
	}
	if room > s.quota {
		return fmt.Errorf("a picture of %d bytes does not fit into a quota of %d", room, s.quota)
	}
	return nil
}

func (s *Store) drop(e *list.Element) error {
	f := e.Value.(file)
	if err := s.dir.Remove(f.id + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.ages.Remove(e)
	delete(s.files, f.id)
	s.bytes -= f.bytes
	return nil
}

// write writes a file, whole or not at all.
func (s *Store) write(name string, data []byte) error {
	temp := tempName + rand.Text()
	err := s.dir.WriteFile(temp, data, 0o600)
	if err == nil {
		err = s.dir.Rename(temp, name)
	}
	if err != nil {
		s.dir.Remove(temp)
	}
	return err
}
