package room

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fold"
	"warren/chatd/fold/reference"
)

var (
	houses    = flag.Int("houses", 150, "how many rooms of several daemons are played")
	houseSeed = flag.Int64("house", -1, "play the room of this seed alone")
)

// Whatever daemons of a room go through, each that has read the log to its end shows what
// the log says, and each that has not shows nothing.
func TestDaemonsOfOneLogShowTheSame(t *testing.T) {
	if *houseSeed >= 0 {
		playHouse(t, uint64(*houseSeed))
		return
	}
	from := rand.Uint64N(1 << 40)
	for i := range uint64(*houses) {
		if playHouse(t, from+i); t.Failed() {
			return
		}
	}
}

func playHouse(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, seed)
		for range 20 + h.IntN(60) {
			step := h.step()
			h.steps = append(h.steps, step)
			if h.Rand.IntN(3) > 0 {
				time.Sleep(2 * keepPause) // for what rooms do by themselves
			}
			synctest.Wait()
			for _, d := range h.daemons {
				if why := d.wrong(t.Context()); why != "" {
					t.Errorf("daemon %s: %s\n%s\nAgain: go test ./chatd/room -run %s -house %d", d.name, why,
						strings.Join(h.steps[max(0, len(h.steps)-40):], "\n"), t.Name(), seed)
				}
			}
			if t.Failed() {
				break
			}
		}
		for _, d := range h.daemons {
			d.stop()
		}
	})
}

// house is one log, and the daemons that read it.
type house struct {
	*rand.Rand
	*reference.Generator
	t       *testing.T
	began   time.Time
	daemons []*daemon
	steps   []string

	mu    sync.Mutex
	epoch int
	all   []chat.Record // of this log, from its first record on, but for what a power cut took
	front int           // how many of them are gone at the front
	kept  []chat.Record
}

// daemon is one of them, and its exchange.
type daemon struct {
	*house
	name   string
	room   *Room
	cancel func()
	ended  chan error

	handler   fanout.Handler
	next      int64 // offset of the next record to be delivered
	epochRead int
	reached   atomic.Bool // the exchange is
	up        bool        // and the daemon was told so
	reading   bool        // Reset was called, and the end of the log was not reached since
	must      bool        // reading cannot go on where it was: it begins afresh
	outbox    []chat.Record
	pages     []*follower
}

func newHouse(t *testing.T, seed uint64) *house {
	h := &house{Rand: rand.New(rand.NewPCG(seed, 1)), t: t, began: time.Now()}
	// Gaps are small: to the exchange, large ones are records that are lost.
	h.Generator = reference.NewGenerator(reference.Bounds{Horizon: 4, MaxBoots: 8, MaxSpoken: fold.MaxSpoken}, seed)
	for i := range 3 {
		h.daemons = append(h.daemons, &daemon{house: h, name: fmt.Sprint(i)})
	}
	return h
}

// stamp is what all daemons' clocks show.
func (h *house) stamp() chat.Stamp {
	return chat.Stamp{Boot: "card", UpMS: time.Since(h.began).Milliseconds()}
}

// end returns the offset behind the log's last record. h.mu is held.
func (h *house) end() int64 {
	if len(h.all) == 0 {
		return 0
	}
	return h.all[len(h.all)-1].Offset + 1
}

// add puts a record at the end of the log. h.mu is held.
func (h *house) add(rec chat.Record) {
	rec.Offset = max(rec.Offset, h.end())
	h.all = append(h.all, rec)
}

// step does one thing that can happen, and says what it was.
func (h *house) step() string {
	d := h.daemons[h.Rand.IntN(len(h.daemons))]
	switch n := h.Rand.IntN(100); {
	case n < 40:
		return h.speak()
	case n < 65:
		return d.some()
	case n < 75:
		return d.toEnd()
	case n < 78:
		return d.restart()
	case n < 82:
		return d.lose()
	case n < 85:
		return h.retention()
	case n < 88:
		return h.powerCut()
	case n < 90:
		return d.eraseLog()
	case n < 91:
		return h.loseKept()
	case n < 93:
		return d.snapshotNow()
	default:
		return d.sayNow()
	}
}

// speak puts into the log what others say and do.
func (h *house) speak() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.end()
	for range 1 + h.Rand.IntN(12) {
		for _, rec := range h.Generator.Next(h.end()) {
			if rec.Type == chat.TypeSnapshot || len(rec.Body) > 2000 { // no forged one; and nothing large
				rec.Type, rec.Body = chat.TypeEpoch, nil
			}
			h.add(rec)
		}
	}
	return fmt.Sprintf("others put %d to %d into the log", first, h.end()-1)
}

// restart stops a daemon, and starts it with an empty memory.
func (d *daemon) restart() string {
	d.stop()
	d.room = New(d, d.stamp, slog.New(slog.NewTextHandler(io.Discard, nil)))
	d.pages = []*follower{{}, {as: Viewer{Person: reference.Guests[0]}}, {as: Viewer{Person: reference.Hosts[0], Host: true}}}
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel, d.ended = cancel, make(chan error, 1)
	d.up, d.reading, d.must, d.outbox = false, false, true, nil
	d.reached.Store(false)
	go func() { d.ended <- d.room.Run(ctx) }()
	synctest.Wait()
	return d.name + " starts" + d.reach()
}

func (d *daemon) stop() {
	if d.room == nil {
		return
	}
	d.cancel()
	<-d.ended
	d.room, d.handler = nil, nil
}

// reach reaches the exchange: afresh, or where reading went on.
func (d *daemon) reach() string {
	d.mu.Lock()
	front := int64(0)
	if d.front < len(d.all) {
		front = d.all[d.front].Offset
	}
	afresh := d.must || d.next < front || d.epochRead != d.epoch || d.Rand.IntN(2) == 0
	var kept []chat.Record
	var places []int64
	for _, k := range d.kept {
		if d.stands(k) {
			kept, places = append(kept, k), append(places, k.Offset)
		}
	}
	// Further back than a power cut goes, as with rooms: the record of a place may have come again at
	// its very offset, with others before it.
	order := fanout.Choose(places, front, d.end()-1, mostCut+d.Rand.IntN(60))
	epoch := fmt.Sprint("epoch-", d.epoch)
	d.mu.Unlock()
	if !afresh {
		d.reached.Store(true)
		return ", and goes on at " + fmt.Sprint(d.next)
	}
	for _, page := range d.pages {
		page.follow()
	}
	d.next, d.epochRead, d.must, d.reading = front, d.epoch, false, true
	d.reached.Store(true)
	if len(order) == 0 {
		if !d.handler.Reset(epoch, nil) {
			d.t.Error("a log without a kept record is refused")
		}
		return fmt.Sprintf(", and reads %s from %d", epoch, d.next)
	}
	k := kept[order[0]]
	if !d.handler.Reset(epoch, &k) {
		d.t.Errorf("the kept record of %d is refused", k.Offset)
	}
	d.next = k.Offset + 1
	return fmt.Sprintf(", and reads %s behind the kept record of %d", epoch, k.Offset)
}

// stands reports whether a kept record is of this log as it is now. h.mu is held.
func (h *house) stands(k chat.Record) bool {
	i, there := slices.BinarySearchFunc(h.all, k.Offset, func(r chat.Record, o int64) int { return int(r.Offset - o) })
	return k.Offset < 0 || there && h.all[i].ID == k.ID && h.all[i].Stamp == k.Stamp
}

// lose cuts a daemon's line to the exchange.
func (d *daemon) lose() string {
	if d.room == nil || !d.reached.Load() {
		return d.name + " is away"
	}
	d.up = false
	d.reached.Store(false)
	d.handler.State(fanout.Away, "")
	return d.name + " loses the exchange"
}

// some delivers some records.
func (d *daemon) some() string {
	if d.room == nil {
		return d.restart()
	}
	if !d.reached.Load() {
		return d.name + " is back" + d.reach()
	}
	d.mu.Lock()
	at, _ := slices.BinarySearchFunc(d.all, d.next, func(r chat.Record, o int64) int { return int(r.Offset - o) })
	batch := slices.Clone(d.all[at:min(len(d.all), at+1+d.Rand.IntN(40))])
	last := at+len(batch) == len(d.all)
	d.mu.Unlock()
	if len(batch) > 0 {
		d.next = batch[len(batch)-1].Offset + 1
		d.handler.Deliver(batch)
	}
	if last {
		d.reading, d.up = false, true
		d.handler.State(fanout.Up, "")
	}
	d.mu.Lock()
	for _, rec := range d.outbox {
		if !last { // it waits until the exchange is reached
			break
		}
		d.add(rec)
	}
	if last {
		d.outbox = nil
	}
	d.mu.Unlock()
	return fmt.Sprintf("%s has read up to %d, all: %v", d.name, d.next-1, last)
}

// toEnd delivers all that is there.
func (d *daemon) toEnd() string {
	for range 1000 {
		said := d.some()
		d.mu.Lock()
		all := d.up && d.next >= d.end()
		d.mu.Unlock()
		if all {
			return said
		}
	}
	d.t.Fatal("the end of the log is never reached")
	return ""
}

// oldest returns the first place in the log that is kept. h.mu is held.
func (h *house) oldest() (offset int64, ok bool) {
	for _, k := range h.kept {
		if h.stands(k) && k.Offset >= 0 {
			return k.Offset, true
		}
	}
	return 0, false
}

// retention takes records from the front of the log, but none that no kept record knows.
func (h *house) retention() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest, ok := h.oldest()
	if !ok {
		return "the log begins with its first record"
	}
	for n := h.Rand.IntN(60); n > 0 && h.front < len(h.all)-1 && h.all[h.front].Offset <= oldest; n-- {
		h.front++
	}
	return fmt.Sprintf("%d records are gone at the front", h.front)
}

// inLog returns the first snapshot in the log from which on what is shown is known: its
// index in all. h.mu is held.
func (h *house) inLog() (i int, ok bool) {
	for i := h.front; i < len(h.all); i++ {
		if d, err := chat.DeedOf(h.all[i]); err == nil && h.all[i].Type == chat.TypeSnapshot && d.(*chat.Snapshot).Upto >= h.all[h.front].Offset {
			return i, true
		}
	}
	return 0, false
}

// loseKept loses all that was kept, if the log has a snapshot itself, or its beginning.
func (h *house) loseKept() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.inLog(); !ok && h.front > 0 {
		return "what is kept stays"
	}
	h.kept = nil
	return "what was kept is lost"
}

// mostCut is how many records a power cut takes at most.
const mostCut = 20

// powerCut takes records from the end of the log.
func (h *house) powerCut() string {
	h.mu.Lock()
	least := h.front + 1
	if h.front > 0 { // what is kept of so long ago is on the disk
		oldest, ok := h.oldest()
		if i, snapshot := h.inLog(); !ok && snapshot {
			oldest = h.all[i].Offset
		}
		for least < len(h.all) && h.all[least-1].Offset < oldest {
			least++
		}
	}
	end := max(min(least, len(h.all)), len(h.all)-h.Rand.IntN(mostCut))
	h.all = h.all[:end]
	behind := h.end()
	h.kept = slices.DeleteFunc(h.kept, func(k chat.Record) bool { return h.Rand.IntN(2) == 0 && k.Offset >= behind })
	h.mu.Unlock()
	for _, d := range h.daemons {
		if d.room != nil {
			d.lose()
			d.must = d.must || d.next > behind
		}
	}
	return fmt.Sprintf("a power cut leaves the log up to %d", behind-1)
}

// eraseLog has a host erase all, at a daemon that has read all.
func (d *daemon) eraseLog() string {
	d.toEnd()
	err := d.room.Do(&chat.Erase{By: chat.Person{ID: reference.Hosts[0], Name: "Host"}}, fmt.Sprint("erase-", d.epoch), true)
	if err != nil {
		d.t.Errorf("an erase is refused: %v", err)
	}
	synctest.Wait()
	for _, d := range d.daemons {
		if d.room != nil {
			d.lose()
		}
	}
	return d.name + " erases the log"
}

// snapshotNow has one written into the log, as after some thousand records.
func (d *daemon) snapshotNow() string {
	d.toEnd()
	d.room.mu.Lock()
	d.room.snapshot.records = 2 * snapshotEvery
	d.room.mu.Unlock()
	time.Sleep(2 * keepPause)
	synctest.Wait()
	return d.some() + ", and has written a snapshot"
}

// sayNow says something at a daemon, or does something, as pages do.
func (d *daemon) sayNow() string {
	if d.room == nil {
		return d.restart()
	}
	from := chat.Person{ID: reference.Guests[d.Rand.IntN(len(reference.Guests))], Name: "Here"}
	d.mu.Lock()
	ref, to := fmt.Sprint(d.name, "-", len(d.all)), d.end()-1
	d.mu.Unlock()
	_, _, err := d.room.Say(context.Background(), chat.Message{From: from, Text: "said here"}, ref, Made{}, d.Rand.IntN(3) == 0)
	did := d.room.Do(&chat.Reaction{From: from, To: max(to, 0), Emoji: "👍"}, ref, false)
	if d.reading {
		for _, err := range []error{err, did} {
			if no := new(Refusal); !errors.As(err, &no) || no.Why != "away" {
				d.t.Errorf("while the log is read: %v", err)
			}
		}
	}
	return fmt.Sprintf("%s: %s speaks: %v, and reacts: %v", d.name, from.ID, err, did)
}
