package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"warren/chatd/picture"
)

// peer is the other daemons of the room: what they have, by id.
type peer struct {
	mu    sync.Mutex
	has   map[string][]byte
	err   error // instead
	asked []string
	hold  chan struct{} // closed: answers go out; nil: at once
}

func (p *peer) Picture(ctx context.Context, id string) ([]byte, error) {
	p.mu.Lock()
	p.asked = append(p.asked, id)
	data, hold, err := p.has[id], p.hold, p.err
	p.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	switch {
	case err != nil:
		return nil, err
	case data == nil:
		return nil, picture.ErrNone
	}
	return data, nil
}

func (p *peer) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

// twoCards are two daemons of a room: what the second does not have it asks the first for.
func twoCards(t *testing.T) (here *testServer, shown *seen, other *peer) {
	t.Helper()
	other, shown = &peer{has: make(map[string][]byte)}, &seen{}
	here = withPictures(t, t.TempDir(), func(c *Config) { c.Peers = other })
	here.gateway.visible = shown
	return here, shown, other
}

// TestPictureOfAnotherCard: what was posted at one is seen at all, and asked for once.
func TestPictureOfAnotherCard(t *testing.T) {
	there := withPictures(t, t.TempDir())
	shownThere := &seen{}
	there.gateway.visible = shownThere
	data := photo(t, 60, 40, 9)
	id := there.posted(t, data)
	here, shown, other := twoCards(t)
	other.has[id] = there.gateway.PictureForPeer(id)
	if !bytes.Equal(other.has[id], data) {
		t.Fatal("a picture that was posted, and is in no message yet, is not given to others")
	}
	get := func() int {
		t.Helper()
		resp, _ := here.fetch(t, "/picture/"+id+".jpg")
		return resp.StatusCode
	}
	if got := get(); got != http.StatusNotFound || other.times() != 0 {
		t.Errorf("no message has it: %d, and %d were asked", got, other.times())
	}
	shown.set(id, true)
	other.hold = make(chan struct{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got := get(); got != http.StatusOK {
				t.Errorf("a message has it: %d", got)
			}
		})
	}
	for deadline := time.Now().Add(waitFor); other.times() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody is asked")
		}
	}
	close(other.hold)
	all.Wait()
	if got := get(); got != http.StatusOK || other.times() != 1 || here.gateway.Pictures.Fresh(id) {
		t.Errorf("in the end: %d, others were asked %d times; it counts as not said: %t", got, other.times(), here.gateway.Pictures.Fresh(id))
	}

	// Hidden, it is given to nobody.
	there.gateway.Pictures.Use(id)
	for _, shown := range []bool{true, false} {
		shownThere.set(id, shown)
		if given := there.gateway.PictureForPeer(id) != nil; given != shown {
			t.Errorf("in a message that can be seen: %t; given to others: %t", shown, given)
		}
	}
	for _, id := range []string{"", "epoch", "../epoch", strings.Repeat("0", 64)} {
		if there.gateway.PictureForPeer(id) != nil {
			t.Errorf("something is given for %q", id)
		}
	}
}

// TestWhatAnotherDaemonAnswers: it is believed no more than a phone is, and who cannot answer now is asked again.
func TestWhatAnotherDaemonAnswers(t *testing.T) {
	data, exif := photo(t, 60, 40, 9), photo(t, 60, 40, 8)
	exif = append(append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 8}, "Exif\x00\x00"...), exif[2:]...)
	for what, test := range map[string]struct {
		ask, answer []byte
		err         error
		status      int
		asked       int // after two requests
	}{
		"the picture":         {data, data, nil, http.StatusOK, 1},
		"half of it":          {data, data[:len(data)/2], nil, http.StatusServiceUnavailable, 1},
		"another":             {data, photo(t, 60, 40, 10), nil, http.StatusServiceUnavailable, 1},
		"what may not be":     {exif, exif, nil, http.StatusServiceUnavailable, 1},
		"that it has none":    {data, nil, nil, http.StatusNotFound, 1},
		"nothing, it is away": {data, nil, errors.New("away"), http.StatusServiceUnavailable, 2},
	} {
		t.Run(what, func(t *testing.T) {
			here, shown, other := twoCards(t)
			id := hashOf(test.ask)
			shown.set(id, true)
			other.err = test.err
			if test.answer != nil {
				other.has[id] = test.answer
			}
			resp, body := here.fetch(t, "/picture/"+id+".jpg")
			if resp.StatusCode != test.status {
				t.Errorf("%s %q", resp.Status, body)
			}
			here.fetch(t, "/picture/"+id+".jpg")
			if other.times() != test.asked {
				t.Errorf("asked %d times, not %d", other.times(), test.asked)
			}
		})
	}
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// TestSayPictureOfAnotherCard: a phone that has changed cards between posting and saying says it all the same.
func TestSayPictureOfAnotherCard(t *testing.T) {
	here, _, other := twoCards(t)
	data := photo(t, 60, 40, 9)
	id := hashOf(data)
	other.has[id] = data
	ada, _ := here.join(t, nil)
	said := ada.await(ada.do("say", map[string]any{"picture": map[string]any{"id": id, "w": 60, "h": 40}}))
	if has, err := here.gateway.Pictures.Has(id); said.Picture == nil || said.Picture.ID != id || !has || err != nil {
		t.Errorf("the message has %+v, and the picture is here: %t, %v", said.Picture, has, err)
	}
	none := func() string {
		return ada.refused("say", map[string]any{"picture": map[string]any{"id": strings.Repeat("a", 64), "w": 10, "h": 10}}).Why
	}
	if why := none(); why != "no_such" {
		t.Errorf("a picture that nobody has is refused: %s", why)
	}
	other.mu.Lock()
	other.err = errors.New("away")
	other.mu.Unlock()
	ben, _ := here.join(t, nil) // what Ada says next would wait behind it
	if f := ben.refused("say", map[string]any{"picture": map[string]any{"id": strings.Repeat("b", 64), "w": 10, "h": 10}}); f.Why != "away" || f.RetryMS == 0 {
		t.Errorf("nobody can be asked: %+v", f)
	}
	for i := 0; ; i++ {
		if why := none(); why == "slow_down" {
			break
		} else if i > 2*messageBurst {
			t.Fatal("one address may have others asked without end")
		}
	}
}

// TestFetchesAreBounded: whatever is asked for, few are fetched at a time, and so many a second; a miss is
// forgotten after a while, and is no burden meanwhile.
func TestFetchesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := &peer{hold: make(chan struct{})}
		f := newFetches(other, nil)
		id := func(i int) string { return hashOf([]byte{byte(i), byte(i >> 8)}) }
		for i := range 100 {
			go f.shown.fetch(t.Context(), id(i))
		}
		synctest.Wait()
		if n := other.times(); n != shownAtOnce {
			t.Errorf("%d are asked for at a time", n)
		}
		go f.posted.fetch(t.Context(), id(200))
		synctest.Wait()
		if n := other.times(); n != shownAtOnce+1 {
			t.Errorf("what somebody says waits behind what is shown: %d are asked for", n)
		}
		close(other.hold)
		time.Sleep(time.Minute)
		before, began := other.times(), time.Now()
		for i := range 10 * shownBurst {
			f.shown.fetch(t.Context(), id(1000+i))
		}
		if n, took := other.times()-before, time.Since(began); n != 10*shownBurst || took < 9*shownBurst/shownRate*time.Second {
			t.Errorf("%d are asked for in %v", n, took)
		}
		before = other.times()
		f.shown.fetch(t.Context(), id(1000+10*shownBurst-1))
		if other.times() != before {
			t.Error("a miss is asked for again at once")
		}
		time.Sleep(missFor)
		f.shown.fetch(t.Context(), id(1000+10*shownBurst-1))
		if other.times() != before+1 {
			t.Error("a miss is never asked for again")
		}
		for i := range 3 * maxMisses {
			f.shown.misses.add(id(i))
		}
		if n := len(f.shown.misses.at); n > maxMisses {
			t.Errorf("%d misses are remembered", n)
		}
	})
}
