package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/renameio/v2"
)

// The states in which every daemon of the card can be.
const (
	Starting = "starting" // it is not ready yet
	Up       = "up"       // it serves
	Failed   = "failed"   // it has ended, and is started again
)

// stateFile is the file NAME.state in which a daemon of the card says how it is, one
// JSON object: "state" is Starting, Up or Failed, and "why", if it is there, a
// sentence for the host. Daemons with more to say (the hotspot, the broker, updates)
// have more in it, which they write themselves; from here come the first word and
// the last, so that there is no way for a daemon to end before it has said why.
type stateFile struct {
	path string
	file *os.File // open since before root's rights were given up; nil: not there then

	mu sync.Mutex // held while it is written
}

// TellIn has the daemon say how it is in a file NAME.state in the folder *dir, which
// a flag holds; nowhere if that is empty. Call it before Parse.
func (f *Flags) TellIn(dir *string) { f.stateDir = dir }

// Become is the function Become, for a daemon that goes on to say how it is.
func (f *Flags) Become(name string) error {
	f.state = f.openState() // what it wrote itself may be another file
	return Become(name)
}

// openState opens the state file if it is there, and makes its folder. The file is not
// made here: an empty one would be read as a broken one.
func (f *Flags) openState() *stateFile {
	if f.stateDir == nil || *f.stateDir == "" {
		return nil
	}
	s := &stateFile{path: filepath.Join(*f.stateDir, f.Name()+".state")}
	err := os.MkdirAll(*f.stateDir, 0o755)
	if err == nil {
		s.file, err = os.OpenFile(s.path, os.O_RDWR, 0)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil // the daemon's own errors are worth more, and go to the log
	}
	if f.state != nil {
		f.state.file.Close() // of nil, it does nothing
	}
	return s
}

// begin says that the daemon starts. Why its last life has ended stands until it is
// up, or ends again: a daemon that fails at once is started again each second.
func (s *stateFile) begin() {
	if state, _ := s.read(); state != Failed {
		s.say(Starting, "")
	}
}

// read returns what the file says now.
func (s *stateFile) read() (state string, all map[string]any) {
	js, err := os.ReadFile(s.path)
	if err != nil || json.Unmarshal(js, &all) != nil || all == nil {
		all = map[string]any{}
	}
	state, _ = all["state"].(string)
	return state, all
}

// say changes the state and why, and leaves all else that the daemon has said.
func (s *stateFile) say(state, why string) {
	s.change(func(all map[string]any) {
		all["state"] = state
		delete(all, "why")
		if why != "" {
			all["why"] = why
		}
	})
}

// change changes what the file says.
func (s *stateFile) change(how func(all map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, all := s.read()
	how(all)
	js, err := json.Marshal(all)
	if err != nil {
		return // what came out of JSON goes into it
	}
	js = append(js, '\n')
	err = renameio.WriteFile(s.path, js, 0o644, renameio.WithStaticPermissions(0o644))
	if errors.Is(err, fs.ErrPermission) && s.file != nil {
		// Root's rights are given up, and the folder is root's. One write, with spaces
		// over what was longer before: whoever reads meanwhile reads JSON.
		if old, err := s.file.Stat(); err == nil {
			if more := int(old.Size()) - len(js); more > 0 {
				js = append(bytes.Repeat([]byte(" "), more), js...)
			}
			s.file.WriteAt(js, 0)
		}
	}
}

// Up says that the daemon serves.
func (f *Flags) Up() {
	if f.state != nil {
		f.state.say(Up, "")
	}
}

// Tell says one thing more, under a key of its own, beside "state" and "why". It stands until
// the same key is told again, or the system is started again, and outlasts the daemon. It may be called
// concurrently, also with Up.
func (f *Flags) Tell(key, value string) {
	if f.state != nil {
		f.state.change(func(all map[string]any) { all[key] = value })
	}
}

// Ended says that the daemon ends, and why: the last that it does. If err is nil or
// that of a context, it was asked to, and what it has said stands.
func (f *Flags) Ended(err error) {
	if f.state != nil && err != nil && !errors.Is(err, context.Canceled) {
		f.state.say(Failed, err.Error())
	}
}

// refused says why the flags are not as they must be. If it is that their file is not
// there, setup is about to write it. The folder itself may be what is wrong: one that
// is not below / would be made wherever the daemon was started.
func (f *Flags) refused(err error) {
	if f.stateDir == nil || !filepath.IsAbs(*f.stateDir) {
		return
	}
	if f.state = f.openState(); f.state == nil {
		return
	}
	config := f.Lookup("config").Value.String()
	if _, missing := os.Stat(config); config != "" && errors.Is(missing, fs.ErrNotExist) {
		f.state.begin()
		return
	}
	f.state.say(Failed, fmt.Sprintf("%s was called in a wrong way: %s", f.Name(), strings.TrimSuffix(err.Error(), ".")))
}
