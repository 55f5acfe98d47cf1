package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"warren/appliance/broker/flush"
	"warren/appliance/broker/mend"
	"warren/appliance/broker/oci"
	"warren/appliance/supervise"
)

// maxStrikes is how many starts in a row may fail before RabbitMQ's data is
// given up. The first may be a mishap; the second began with mended files. Data
// with which RabbitMQ was never well has nothing in it to be patient for.
const maxStrikes = 2

// keeper keeps RabbitMQ running.
type keeper struct {
	container container
	told      string // the folder in which chatd tells how it is
	url       string
	inMemory  bool // RabbitMQ's data are, because the card cannot be written
	keepMB    int
	times     times
	state     *stateFile
	log       *slog.Logger

	find     func() (place, error)  // where RabbitMQ's data are to be
	card     func() error           // returns why the card cannot be written any more
	tell     func(url string) error // tells the other daemons
	onTrial  func() bool            // the system that runs is a new one, and has to prove itself
	diskSize func(dir string) (uint64, error)
	flush    func(dir string) func() error

	wait     supervise.Backoff
	strikes  int
	uncopied int // starts that were given up because the data could not be copied

	forgotten   string // the epoch for which forgetErased has nothing more to do
	unforgotten string // why it failed the last time
}

// run runs RabbitMQ again and again until ctx ends.
func (k *keeper) run(ctx context.Context) {
	for {
		k.state.put(func(s *state) { s.State, s.Why, s.Starts = starting, "", s.Starts+1 })
		l := &life{keeper: k, wellNow: make(chan struct{})}
		err := l.run(ctx)
		if ctx.Err() != nil {
			k.state.set(starting, "") // the next daemon does
			return
		}
		if l.well.Load() {
			k.wait.Reset()
		}
		if l.refused.Load() {
			err = errVersion{l.own, l.wrote}
		}
		k.state.set(failed, err.Error())
		if l.refused.Load() && k.onTrial() {
			// It would refuse them again. The trial fails, and the host reads why.
			k.log.Error("the data stay as they are: the trial fails, and the old system can read them")
			<-ctx.Done()
			return
		}
		if k.move(l, err) {
			continue
		}
		pause := k.wait.Pause()
		k.log.Info("RabbitMQ is started again", "in", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// choose finds the place of RabbitMQ's data, and tells everybody.
func (k *keeper) choose() error {
	p, err := k.find()
	if err != nil {
		return err
	}
	k.url, k.container.data, k.inMemory = p.url, p.data, p.inMemory != ""
	k.state.put(func(s *state) {
		if s.InMemory = p.inMemory; s.InMemory != "" && s.State == "" {
			s.State = starting
		}
	})
	return k.tell(p.url)
}

// move looks after a life that has ended with err whether the card can still be
// written, and reports whether RabbitMQ's data have another place now. If not, the
// life counts.
func (k *keeper) move(l *life, err error) (moved bool) {
	before := k.container.data
	if err := k.choose(); err != nil {
		k.state.set(failed, err.Error())
		return false
	}
	if k.container.data != before {
		k.strikes = 0
		k.wait.Reset()
		return true
	}
	k.strike(l, err)
	return false
}

// strike counts a life that was not well, and gives RabbitMQ's data up after
// maxStrikes, or at once if RabbitMQ says that it cannot read them. A life in which
// RabbitMQ never said a word has to do with crun or the image, not with the data.
// Nor is anything given up in a trial: the old system comes back, and could read it.
func (k *keeper) strike(l *life, err error) {
	switch {
	case l.well.Load() && !errors.Is(err, errStream):
		k.strikes = 0
		return
	case errors.Is(err, errCard), !l.spoke.Load(), k.onTrial():
		return
	}
	k.strikes++
	version, known := wasWell(k.container.data)
	if known && k.strikes < maxStrikes && !l.refused.Load() {
		return
	}
	k.strikes = 0
	if k.inMemory || !known && !l.refused.Load() {
		// It must not push out what was set aside before; and memory has no room
		// for it twice.
		k.log.Warn("RabbitMQ does not start with new data: it is removed", "why", err)
		if err := os.RemoveAll(k.container.data); err != nil {
			k.log.Error("RabbitMQ's data cannot be removed", "error", err)
		}
		return
	}
	if !l.refused.Load() && (version == l.own || version == older) {
		version = "" // it has read them before: they are damaged
	}
	k.forgetErased()
	aside, asideErr := k.giveUp(version)
	if asideErr != nil {
		k.log.Error("RabbitMQ's data cannot be set aside", "error", asideErr)
		return
	}
	k.log.Error("RabbitMQ does not start with its data: the room begins anew", "why", err, "kept", aside)
	k.tellAside(l.own)
}

// giveUp sets the data aside that a version of RabbitMQ has written, or those that
// are damaged, if version is "". If there is a copy of them, it is that: nobody has changed it since.
func (k *keeper) giveUp(version string) (aside string, err error) {
	data := k.container.data
	aside = asideName(data, version)
	if c := copyName(data, version); version != "" && isDir(c) {
		if err := setAside(data, c, aside); err != nil {
			return "", err
		}
		return aside, os.RemoveAll(data)
	}
	return aside, setAside(data, data, aside)
}

func (k *keeper) tellAside(own string) {
	k.state.put(func(s *state) { s.SetAside = tellAside(k.container.data, own) })
}

// life is one run of RabbitMQ.
type life struct {
	*keeper
	own     string        // RabbitMQ's version
	wrote   string        // the version that was last well with the data
	well    atomic.Bool   // it was up and the room's log was fine
	wellNow chan struct{} // closed when it is
	spoke   atomic.Bool   // RabbitMQ itself wrote to its log
	refused atomic.Bool   // RabbitMQ said that it cannot read the data
}

// run runs RabbitMQ once and returns why it ended.
func (l *life) run(ctx context.Context) error {
	if err := l.container.remove(ctx); err != nil {
		return fmt.Errorf("end the RabbitMQ that ran before: %w", err)
	}
	own, err := oci.Version(l.container.root())
	if err != nil {
		return err
	}
	l.own = own
	if err := l.keepWayBack(); err != nil {
		return err
	}
	l.wrote, _ = wasWell(l.container.data)
	l.tellAside(own)
	l.mend(ctx)
	keep, free, err := l.room()
	if err != nil {
		return err
	}
	if err := l.container.prepare(rabbitmqConf(password(l.url), free), keep); err != nil {
		return err
	}
	if err := l.container.holdFlags(); err != nil {
		return err
	}
	// RabbitMQ ends before the flushing does.
	flushCtx, endFlush := context.WithCancel(context.WithoutCancel(ctx))
	var flushing errgroup.Group
	flushing.Go(func() error {
		f := flush.Flusher{Dir: l.container.data, Sync: l.flush(l.container.data), Log: l.log}
		f.Run(flushCtx)
		return nil
	})
	defer flushing.Wait()
	defer endFlush()

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := l.container.runUntil(ctx, func(line string) {
			if logRabbit(ctx, l.log, line) {
				l.spoke.Store(true)
				l.hear(line)
			}
		})
		if errors.Is(err, supervise.ErrKilled) {
			l.log.Warn("RabbitMQ had to be killed", "error", err)
		}
		return err
	})
	g.Go(func() error {
		return watch(ctx, l.url, l.times,
			func() { l.state.set(up, "") },
			l.isWell,
			func() { l.state.set(starting, "") })
	})
	g.Go(func() error { return l.settle(ctx) })
	g.Go(func() error { return l.watchCard(ctx) })
	g.Go(func() error { return l.watchErased(ctx) })
	return g.Wait()
}

// room returns how much of the log RabbitMQ keeps, and how much it leaves free where
// its data are, in bytes.
func (l *life) room() (keep int64, free uint64, err error) {
	if l.inMemory {
		l.state.put(func(s *state) { s.Note = "" })
		return int64(min(l.keepMB, memoryKeepMB)) << 20, memoryFree, nil
	}
	size, err := l.diskSize(filepath.Dir(l.container.data))
	if err != nil {
		return 0, 0, fmt.Errorf("see how large the card is: %w", err)
	}
	keep, note := kept(l.keepMB, size, sizeAside(l.container.data))
	l.state.put(func(s *state) { s.Note = note })
	return keep, freeLimit(size), nil
}

// errCard says that RabbitMQ was ended because the card cannot be written any more.
// It does not end by itself: it goes on and writes what is said nowhere.
var errCard = errors.New("the card cannot be written any more")

// watchCard returns when the card cannot be written any more.
func (l *life) watchCard(ctx context.Context) error {
	if l.inMemory {
		return nil
	}
	tick := time.NewTicker(l.times.card)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := l.card(); err != nil {
			return fmt.Errorf("%w: %w", errCard, err)
		}
	}
}

// keepWayBack takes back the data that this version of RabbitMQ has left, if
// another one has been started with them and did not prove itself; and copies
// those that another one has left. If they cannot be copied, RabbitMQ must not
// start: in a trial not at all, for it then fails and the old system can read them;
// otherwise at the second attempt, by when it is known whether this is a trial.
func (l *life) keepWayBack() error {
	data := l.container.data
	back, err := takeBack(data, l.own)
	switch {
	case err != nil:
		l.log.Error("the data from before the update cannot be taken back", "error", err)
	case back:
		l.log.Warn("another RabbitMQ was started with the data and did not prove itself: they are again as they were before")
	}
	copied, err := copyData(data, l.own, l.flush(data))
	switch {
	case err != nil && (l.onTrial() || l.uncopied == 0):
		l.uncopied++
		return fmt.Errorf("what another RabbitMQ has written cannot be copied, so there would be no way back to it: %w", err)
	case err != nil:
		l.log.Error("what another RabbitMQ has written cannot be copied: there is no way back to it", "error", err)
	case copied:
		l.log.Info("what another RabbitMQ has written is copied, until this one has proved itself", "version", l.own)
	}
	return nil
}

// isWell notes that RabbitMQ is well with its data.
func (l *life) isWell() {
	if l.well.Swap(true) {
		return
	}
	if err := noteWell(l.container.data, l.own); err != nil {
		l.log.Warn("it cannot be noted that RabbitMQ is well", "error", err)
	}
	l.copyFlags()
	close(l.wellNow)
}

// mend makes the files of the streams consistent, and the list of feature flags
// whole. What cannot be mended is left to RabbitMQ: it may do better, and if not,
// that shows.
func (l *life) mend(ctx context.Context) {
	mended, err := mendFlags(l.container.data)
	switch {
	case err != nil:
		l.log.Error("the list of RabbitMQ's feature flags cannot be mended", "error", err)
	case mended:
		l.log.Warn("the list of RabbitMQ's feature flags was torn, by a power cut most likely, and has been mended")
	}
	reports, err := mend.Streams(ctx, l.container.data)
	if err != nil {
		l.log.Error("a log cannot be mended", "error", err)
	}
	for _, r := range reports {
		if r.Mended {
			l.log.Warn("a log was torn, by a power cut most likely, and has been mended", "report", r.String())
		}
	}
}
