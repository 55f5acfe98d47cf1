package known

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	fileName = "phones.json"
	newName  = fileName + ".new"

	// A file of the most phones has 80 kB.
	maxFile = 1 << 20
)

// file is what is written: one JSON object.
type file struct {
	Key    string   `json:"key"`    // 32 bytes in hexadecimal
	Phones []string `json:"phones"` // 8 bytes each, the oldest first
}

// load reads the file. If it is not good there is nothing of it in p.
func (p *Phones) load() {
	f, err := p.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		p.log.Warn("the known phones cannot be read: all tap Continue once more", "error", err)
		return
	}
	hex.Decode(p.key[:], []byte(f.Key)) // read has checked it
	for _, text := range f.Phones {
		ph := Phone{lasting: true}
		hex.Decode(ph.hash[:], []byte(text))
		if !p.set[ph] {
			p.add(ph)
		}
	}
}

// read reads and checks the file.
func (p *Phones) read() (f file, err error) {
	r, err := p.dir.Open(fileName)
	if err != nil {
		return f, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("%s is damaged: %w", fileName, err)
	}
	if b, err := hex.DecodeString(f.Key); err != nil || len(b) != len(p.key) {
		return f, fmt.Errorf("%s is damaged: its key must be %d bytes in hexadecimal", fileName, len(p.key))
	}
	for i, text := range f.Phones {
		if b, err := hex.DecodeString(text); err != nil || len(b) != len(Phone{}.hash) {
			return f, fmt.Errorf("%s is damaged: phone %d must be %d bytes in hexadecimal", fileName, i+1, len(Phone{}.hash))
		}
	}
	return f, nil
}

// save writes the file: after a power cut there is the old one or the new one.
func (p *Phones) save() {
	if err := p.write(); err != nil {
		p.log.Warn("the known phones cannot be kept: after a restart they tap Continue once more", "error", err)
	}
}

func (p *Phones) write() (err error) {
	p.mu.Lock()
	f := file{Key: hex.EncodeToString(p.key[:]), Phones: []string{}}
	for _, ph := range p.order {
		if ph.lasting {
			f.Phones = append(f.Phones, hex.EncodeToString(ph.hash[:]))
		}
	}
	p.mu.Unlock()
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	w, err := p.dir.OpenFile(newName, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	if err = errors.Join(err, w.Sync(), w.Close()); err != nil {
		return err
	}
	if err := p.dir.Rename(newName, fileName); err != nil {
		return err
	}
	// The change of names is on the disk when the folder is.
	d, err := p.dir.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
