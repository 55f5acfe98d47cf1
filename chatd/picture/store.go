package picture

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"warren/chatd/chat"
)

// A Store keeps pictures as files in a folder that nobody else writes to, each
// named by the SHA-256 of its content. The pictures belong to one log: with another
// they go. Its methods may be called concurrently.
//
// # What makes room for what
//
// The quota has two parts, and in each the oldest go first. Fresh pictures are those that
// nobody has said: whoever posts one and says nothing pushes out other fresh pictures, and
// none that is in a message. Use takes a picture into the larger part, once a message has it.
// The part for fresh ones is a sixteenth of the quota and at least the largest picture: of
// 256 MB 16 MB, 40 of the largest. A page says a picture as soon as it has posted it, so to
// lose it meanwhile 40 others have to come first.
//
// # What a power cut leaves
//
// A file is written beside its place, put on the disk, and renamed, and so is its name in the
// folder, before Put returns: whoever is told an id finds the picture after a power cut, too.
// What was written by an older version, or is on a card that fails, may be torn all the same.
// So the content of a file from before is compared with its name when it is asked for for the
// first time: one that differs, or that the disk cannot read, goes, and can be sent again. It
// is not done in Open, which would read all of the quota, and take a card ten seconds and
// more.
type Store struct {
	dir *os.Root

	// writing is held by who adds pictures or takes all of them away. The disk
	// may take a second for it, in which the others are served: they hold mu.
	// It is locked before mu.
	writing sync.Mutex

	mu          sync.Mutex
	epoch       string
	files       map[string]*file // by id
	said, fresh shelf
	newest      time.Time // when the last of them was written, by its file
}

const (
	epochName   = "epoch" // holds the epoch of the log that the pictures belong to
	suffix      = ".jpg"
	freshSuffix = ".fresh.jpg" // ends the name of a picture that no message has
	tempName    = "new-"       // begins the name of a file that is not whole yet

	// freshPart is the part of the quota for fresh pictures: see Store.
	freshPart = 16
)

// ErrNone reports that there is no such picture here.
var ErrNone = errors.New("this picture is not here: it has made room for newer ones, or is not shown any more")

// Open returns the store in dir, with what is there from before. The quota is in
// bytes.
func Open(dir *os.Root, quota int64) (*Store, error) {
	fresh := max(quota/freshPart, taken(MaxBytes))
	return openParts(dir, quota-fresh, fresh)
}

// openParts is Open with a quota for each part.
func openParts(dir *os.Root, said, fresh int64) (*Store, error) {
	s := &Store{dir: dir, files: make(map[string]*file), said: newShelf(said), fresh: newShelf(fresh)}
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
		id, _, _ := strings.Cut(e.Name(), ".")
		switch {
		case strings.HasPrefix(e.Name(), tempName):
			dir.Remove(e.Name()) // a power cut has left it
		case chat.ValidPictureID(id) && (e.Name() == id+suffix || e.Name() == id+freshSuffix) && info.Mode().IsRegular():
			infos = append(infos, info)
		}
	}
	slices.SortStableFunc(infos, func(a, b fs.FileInfo) int { return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano()) })
	for _, info := range infos {
		id, ext, _ := strings.Cut(info.Name(), ".")
		if s.files[id] != nil {
			dir.Remove(info.Name()) // it is here under the other name, too: by hand
			continue
		}
		s.add(&file{id: id, bytes: taken(info.Size()), said: "."+ext == suffix})
		s.newest = info.ModTime()
	}
	return s, errors.Join(s.shrink(&s.said, 0), s.shrink(&s.fresh, 0))
}

// Belong says which log the pictures belong to: those of another one go. Of the same one it
// says that it was read afresh: what was said and hidden meanwhile nobody has told Use, so no
// picture is Fresh any more.
func (s *Store) Belong(epoch string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch == s.epoch {
		for _, f := range s.files {
			f.put = false
		}
		return nil
	}
	for _, f := range s.files {
		if err := s.drop(f); err != nil {
			return err
		}
	}
	temp, err := s.write([]byte(epoch))
	if err != nil {
		return err
	}
	if err := s.dir.Rename(temp, epochName); err != nil {
		return errors.Join(err, s.dir.Remove(temp))
	}
	s.epoch = epoch
	return s.sync()
}

// Put keeps a picture that Check has found to be good, and returns its id. It is
// fresh then, or, if it is here already, the newest of its part.
func (s *Store) Put(data []byte) (id string, err error) {
	sum := sha256.Sum256(data)
	id = hex.EncodeToString(sum[:])
	s.writing.Lock()
	defer s.writing.Unlock()
	if here, err := s.Has(id); here && err == nil {
		if renewed, err := s.renew(id); renewed || err != nil {
			return id, err
		}
	}
	if err := s.makeRoom(id, taken(int64(len(data)))); err != nil {
		return "", err
	}
	temp, err := s.write(data)
	if err != nil {
		return "", err
	}
	if err := s.place(temp, &file{id: id, bytes: taken(int64(len(data))), whole: true, put: true}); err != nil {
		return "", errors.Join(err, s.dir.Remove(temp))
	}
	return id, s.sync()
}

// renew makes a picture the newest of its part, if it is here.
func (s *Store) renew(id string) (renewed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil {
		return false, nil
	}
	f.put = true
	s.shelf(f).ages.MoveToBack(f.age)
	return true, s.date(f.name())
}

// makeRoom drops the oldest fresh pictures until there is room for so many bytes
// more, and a file with this id that is not whole.
func (s *Store) makeRoom(id string, bytes int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[id]; f != nil {
		if err := s.drop(f); err != nil {
			return err
		}
	}
	return s.shrink(&s.fresh, bytes)
}

// place gives a file that is on the disk its name, and notes it as the newest.
func (s *Store) place(temp string, f *file) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.date(temp); err != nil {
		return err
	}
	if err := s.dir.Rename(temp, f.name()); err != nil {
		return err
	}
	s.add(f)
	return nil
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

// Use notes that a message has this picture, if it is here: it makes room for those of
// newer messages only. A power cut may forget it, but not the picture: call it again
// when the picture is shown.
func (s *Store) Use(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil || f.said {
		return nil
	}
	if err := s.shrink(&s.said, f.bytes); err != nil {
		return err
	}
	if err := s.dir.Rename(f.name(), id+suffix); err != nil {
		return err
	}
	s.forget(f)
	s.add(&file{id: id, bytes: f.bytes, whole: f.whole, put: f.put, said: true})
	return s.date(id + suffix)
}

// Fresh reports whether there is a picture with this id that has been put here since the
// store was opened, and Belong was called, and that no message has had. Of one from before
// that is not known: the power may have gone before Use had reached the disk.
func (s *Store) Fresh(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	return f != nil && !f.said && f.put
}

// Has reports whether there is a picture with this id, and a whole one. The error
// is the file system's.
func (s *Store) Has(id string) (bool, error) {
	f, err := s.Get(id)
	if errors.Is(err, ErrNone) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, f.Close()
}

// Get opens a picture, a whole one. The caller closes it. The error is ErrNone if it
// is not here, or the file system's: then it may be there later.
func (s *Store) Get(id string) (*os.File, error) {
	s.mu.Lock()
	f := s.files[id]
	if f == nil {
		s.mu.Unlock()
		return nil, ErrNone
	}
	whole := f.whole
	data, err := s.dir.Open(f.name())
	s.mu.Unlock()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // of a file system that has failed no file can be opened: none is lost for that
	}
	if err == nil && !whole {
		if err = intact(data, id); err != nil {
			data.Close()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		f.whole = true
		return data, nil
	case errors.Is(err, errTorn), errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EIO):
		if s.files[id] == f { // nobody has put it here again meanwhile
			s.drop(f) // if it cannot be removed, it is found to be torn again
		}
		return nil, ErrNone
	}
	return nil, err
}

// errTorn reports that a file's content is not that of its name.
var errTorn = errors.New("the file is torn")

// intact returns errTorn if the file does not hold the picture with this id.
func intact(f *os.File, id string) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(f, MaxBytes+1)); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != id {
		return errTorn
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// write puts data on the disk, under a name of its own.
func (s *Store) write(data []byte) (temp string, err error) {
	temp = tempName + rand.Text()
	f, err := s.dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, s.dir.Remove(temp))
	}
	return temp, nil
}

// sync puts on the disk which names are in the folder.
func (s *Store) sync() error {
	d, err := s.dir.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// shrink drops the oldest of a part until there is room for so many bytes more.
// s.mu is held, as in all that follows.
func (s *Store) shrink(part *shelf, room int64) error {
	for part.ages.Len() > 0 && part.bytes+room > part.quota {
		if err := s.drop(part.oldest()); err != nil {
			return err
		}
	}
	if room > part.quota {
		return fmt.Errorf("a picture of %d bytes does not fit into a quota of %d", room, part.quota)
	}
	return nil
}

// drop removes a picture.
func (s *Store) drop(f *file) error {
	if err := s.dir.Remove(f.name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.forget(f)
	return nil
}

// add notes a file as the newest of its part.
func (s *Store) add(f *file) {
	s.files[f.id] = f
	s.shelf(f).add(f)
}

func (s *Store) forget(f *file) {
	delete(s.files, f.id)
	s.shelf(f).remove(f)
}

func (s *Store) shelf(f *file) *shelf {
	if f.said {
		return &s.said
	}
	return &s.fresh
}
