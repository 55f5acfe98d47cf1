// Package known remembers which phones have tapped Continue, across restarts of
// the box: what has happened once shall not happen at each meeting.
//
// A phone is known by its hardware address, because its IP address may be
// another's tomorrow. What is kept is a list of keyed hashes (HMAC-SHA256, cut
// to 64 bits), in the order in which the phones came, without times, names or
// addresses. The key is made once per card and is beside them, because the box
// needs it: so the list cannot be read, nor compared with another card's, but
// whoever holds the card can find out whether a phone was here whose hardware
// address they know or try. A phone that changes its address with each network,
// as most do, has here one that no other network sees.
package known

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"sync"
	"time"
)

// most is how many phones are remembered: of 30 guests a week, those of more than
// two years. The file then has 80 kB.
const most = 4096

// savePause is the time from a change to the next write: when a hall joins, an
// SD card gets one file in ten seconds, and a power cut costs some guests one
// tap.
const savePause = 10 * time.Second

// A Phone stands for a phone that is or may be known.
type Phone struct {
	hash    [8]byte
	lasting bool // it is worth a place in the file
}

// String is for logs: it tells phones of one evening apart.
func (p Phone) String() string { return hex.EncodeToString(p.hash[:3]) }

// Phones are the known phones. The methods may be called concurrently.
type Phones struct {
	key [32]byte
	log *slog.Logger
	dir *os.Root // nil: they are forgotten with the process

	mu      sync.Mutex
	order   []Phone // the oldest first
	set     map[Phone]bool
	changed chan struct{} // has one place
}

// Open returns the phones that were written into dir before; none if there is
// no file yet or it is damaged, which is logged. With nil they are kept in
// memory only.
func Open(dir *os.Root, log *slog.Logger) *Phones {
	p := &Phones{log: log, dir: dir, set: make(map[Phone]bool), changed: make(chan struct{}, 1)}
	rand.Read(p.key[:])
	if dir != nil {
		p.load()
	}
	return p
}

// ByHardware returns the phone with this hardware address.
func (p *Phones) ByHardware(address []byte) Phone { return p.phone("hardware", address, true) }

// ByAddress returns the phone with this IP address, which is known until the
// process ends.
func (p *Phones) ByAddress(address []byte) Phone { return p.phone("address", address, false) }

func (p *Phones) phone(kind string, address []byte, lasting bool) Phone {
	h := hmac.New(sha256.New, p.key[:])
	h.Write([]byte(kind))
	h.Write(address)
	return Phone{[8]byte(h.Sum(nil)), lasting}
}

// Has reports whether the phone is known.
func (p *Phones) Has(ph Phone) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.set[ph]
}

// Add makes the phone known. It returns false if it was before, and how many
// are known now. If there are too many, the one that came first is forgotten.
func (p *Phones) Add(ph Phone) (added bool, count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set[ph] {
		return false, len(p.order)
	}
	p.add(ph)
	if ph.lasting {
		select {
		case p.changed <- struct{}{}:
		default: // it is to be written already
		}
	}
	return true, len(p.order)
}

func (p *Phones) add(ph Phone) {
	if len(p.order) == most {
		delete(p.set, p.order[0])
		p.order = p.order[1:] // append copies the rest when it runs out of room
	}
	p.order = append(p.order, ph)
	p.set[ph] = true
}

// Run writes what changes until ctx ends, and then what is left. A file that
// cannot be written is logged, and tried again with the next change.
func (p *Phones) Run(ctx context.Context) {
	if p.dir == nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			select {
			case <-p.changed:
				p.save()
			default:
			}
			return
		case <-p.changed:
		}
		pause := time.NewTimer(savePause)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
		p.save()
	}
}
