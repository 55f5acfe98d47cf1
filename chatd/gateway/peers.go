package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"warren/chatd/picture"
)

// Peers are the other daemons of the room, which have pictures that were posted there.
type Peers interface {
	// Picture returns the picture with this id from any of them. It returns when ctx ends, at
	// the latest: picture.ErrNone says that none of them has it, any other error that they
	// cannot be asked now. What it returns is looked at here. It may be called concurrently.
	Picture(ctx context.Context, id string) ([]byte, error)
}

const (
	// fetchPatience is for 400 kB through a broker on a cable that others use, too, and
	// sayPatience is what somebody waits for who says a picture.
	fetchPatience = 5 * time.Second
	sayPatience   = 2 * time.Second

	// What is shown is fetched four at a time and four a second: with 300 kB each 1.2 MB a
	// second, a tenth of the Ethernet of a Pi. Who opens a page for the first time on this
	// card sees up to the 40 newest at once.
	shownAtOnce = 4
	shownRate   = 4
	shownBurst  = 40

	// What is said was posted elsewhere only if the phone has changed cards in between, and anybody
	// can make up ids. So it has places and rates of its own, and one for each address.
	postedAtOnce = 2
	postedRate   = 2
	addressAsks  = 1

	// missFor is how long a picture that nobody has is not asked for again, and maxMisses
	// bounds how many of them are remembered.
	missFor   = 10 * time.Second
	maxMisses = 1024
)

// fetches get pictures from other daemons.
type fetches struct {
	shown, posted *fetcher
	asks          *buckets // for posted ones, by address
}

func newFetches(peers Peers, store *picture.Store) *fetches {
	flights, misses := new(singleflight.Group), &misses{at: make(map[string]time.Time)}
	return &fetches{
		shown:  &fetcher{peers, store, flights, misses, make(chan struct{}, shownAtOnce), rate.NewLimiter(shownRate, shownBurst)},
		posted: &fetcher{peers, store, flights, misses, make(chan struct{}, postedAtOnce), rate.NewLimiter(postedRate, postedRate)},
		asks:   newBuckets(addressAsks),
	}
}

// fetcher gets pictures for one purpose.
type fetcher struct {
	peers   Peers // nil: there are none
	store   *picture.Store
	flights *singleflight.Group // by id
	misses  *misses
	slots   chan struct{}
	rate    *rate.Limiter
}

// fetch puts a picture into the store that another daemon has. Whoever asks for the same one
// meanwhile gets the same answer. The error is picture.ErrNone if none has it, or says why
// that is not known.
func (f *fetcher) fetch(ctx context.Context, id string) error {
	if f.peers == nil || f.misses.has(id) {
		return picture.ErrNone
	}
	done := f.flights.DoChan(id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), fetchPatience) // whoever was first may leave
		defer cancel()
		return nil, f.ask(ctx, id)
	})
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask does what fetch says, once.
func (f *fetcher) ask(ctx context.Context, id string) error {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := f.rate.Wait(ctx); err != nil {
		return err
	}
	data, err := f.peers.Picture(ctx, id)
	if errors.Is(err, picture.ErrNone) {
		f.misses.add(id)
		return picture.ErrNone
	} else if err != nil {
		return err
	}
	if err := checkAnswer(id, data); err != nil {
		f.misses.add(id)
		return err
	}
	_, err = f.store.Put(data)
	return err
}

// checkAnswer reports that data are not the picture with this id: other daemons are
// believed no more than phones.
func checkAnswer(id string, data []byte) error {
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != id {
		return fmt.Errorf("another daemon has answered with %d bytes that are not this picture", len(data))
	}
	_, _, err := picture.Check(data)
	return err
}

// misses are the ids of pictures that nobody had a moment ago.
type misses struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (m *misses) has(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.at[id]
	return ok && time.Since(at) < missFor
}

// add remembers an id. If there are too many, those that are over are forgotten, or
// all: they are asked for once more.
func (m *misses) add(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.at) >= maxMisses {
		for id, at := range m.at {
			if time.Since(at) >= missFor {
				delete(m.at, id)
			}
		}
	}
	if len(m.at) >= maxMisses {
		clear(m.at)
	}
	m.at[id] = time.Now()
}
