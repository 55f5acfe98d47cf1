package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/renameio/v2"

	"warren/appliance/update/protocol"
	"warren/appliance/update/trial"
	"warren/chatd/daemon"
	"warren/chatd/uptime"
)

// updater is the update of one card. Its methods may be called concurrently,
// once begin has returned.
type updater struct {
	card       card
	broken     error // why this card takes no updates, or nil
	recordFile string
	stateFile  string // tells the other daemons the status
	log        *slog.Logger
	sinceBoot  func() time.Duration
	step       trial.Step    // what this start is for
	ready      chan struct{} // closed when there is a system to be tried

	mu        sync.Mutex
	record    trial.Record
	onTrial   bool
	receiving bool // a system is being sent, or is to be tried
}

func newUpdater(recordFile, stateFile string, log *slog.Logger) *updater {
	return &updater{recordFile: recordFile, stateFile: stateFile, log: log, sinceBoot: sinceBoot, ready: make(chan struct{})}
}

// sinceBoot returns how long the system has been up.
func sinceBoot() time.Duration { return time.Duration(uptime.Now().UpMS) * time.Millisecond }

// begin finds out what this start is.
func (u *updater) begin(c card) error {
	u.card = c
	own, err := c.own()
	if err != nil {
		return err
	}
	before := u.readRecord()
	record, step := trial.Begin(before, c.running, own)
	u.step, u.onTrial = step, step != trial.Run
	u.log.Info("the system runs", "root", c.running.String(), "on_trial", u.onTrial)
	u.record = record
	defer u.tell()
	if record != before {
		if record.State == trial.Back {
			u.log.Warn("the update has failed, and the old system runs", "version", record.Version, "why", record.Why)
		}
		// A record that cannot be kept matters little: see trial.Begin.
		if err := u.keepRecord(record); err != nil {
			u.log.Error("what becomes of the update cannot be noted", "error", err)
		}
	}
	return nil
}

func (u *updater) readRecord() (r trial.Record) {
	data, err := os.ReadFile(u.recordFile)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		u.log.Warn("it is not known what became of the last update", "error", err)
		return trial.Record{}
	}
	return r
}

// keepRecord keeps a record, whole or not at all, and returns when it is on the
// card.
func (u *updater) keepRecord(r trial.Record) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.record = r
	js, err := json.Marshal(r)
	if err != nil {
		return err
	}
	dir := filepath.Dir(u.recordFile)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := renameio.WriteFile(u.recordFile, append(js, '\n'), 0o644); err != nil {
		return err
	}
	// The new name, too.
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// tell tells the other daemons the status, and whether this card takes updates.
func (u *updater) tell() {
	s := struct {
		State string `json:"state"`
		Why   string `json:"why,omitempty"`
		protocol.Status
	}{daemon.Up, "", u.status()}
	if u.broken != nil {
		s.State, s.Why = daemon.Failed, u.broken.Error()
	}
	js, err := json.Marshal(s)
	if err == nil {
		err = renameio.WriteFile(u.stateFile, append(js, '\n'), 0o644)
	}
	if err != nil {
		u.log.Error("the state of updates cannot be told", "error", err)
	}
}

// status returns how the card is, but for the challenge.
func (u *updater) status() protocol.Status {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := protocol.Status{Version: daemon.Version(), Root: u.card.running, OnTrial: u.onTrial, Receiving: u.receiving}
	if u.record.State != "" {
		r := u.record
		s.Last = &r
	}
	return s
}

// Why an update is not taken now.
var (
	errBusy    = errors.New("another update is being sent")
	errOnTrial = errors.New("the system that runs is on trial: wait until that has ended")
)

// receive takes a system: it writes what is announced to the other root,
// checks it, and notes that it is to be tried. Then ready is closed.
func (u *updater) receive(ctx context.Context, body io.Reader, a protocol.Announcement) (version string, err error) {
	if err := u.reserve(); err != nil {
		return "", err
	}
	// After success there is a restart: nothing else is taken.
	defer func() {
		if err != nil {
			u.mu.Lock()
			u.receiving = false
			u.mu.Unlock()
			u.log.Warn("an update was not taken", "error", err)
		}
	}()
	root, partition := u.card.spare()
	u.log.Info("an update is being sent", "bytes", a.Length, "to", root.String())
	if err := write(partition, body, a.Length, a.SHA256); err != nil {
		return "", err
	}
	if version, err = check(ctx, partition, a.Length); err != nil {
		return "", err
	}
	if err := u.card.prepareTrial(); err != nil {
		return "", err
	}
	// The last step before the restart: a record without a trial would be a
	// failure that was none.
	err = u.keepRecord(trial.Record{
		State: trial.Sent, Root: root, Version: version,
		SHA256: hex.EncodeToString(a.SHA256[:]), Seconds: int(a.Trial / time.Second),
	})
	if err != nil {
		return "", fmt.Errorf("note the update: %w", err)
	}
	u.log.Info("the update is on the card: its trial begins", "version", version, "for", a.Trial)
	close(u.ready)
	return version, nil
}

// reserve makes the card one sender's.
func (u *updater) reserve() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.onTrial:
		return errOnTrial
	case u.receiving:
		return errBusy
	}
	u.receiving = true
	return nil
}

// judgeEvery is how often a room on trial is looked at.
const judgeEvery = time.Second

// try decides whether the system that runs is kept, and restarts into the old
// one if it is not.
func (u *updater) try(ctx context.Context, room room, restart restarter) error {
	j := trial.Judge{Time: u.record.Time()}
	tick := time.NewTicker(judgeEvery)
	defer tick.Stop()
	for {
		wrong := room.wrong(ctx)
		verdict, why := j.See(u.sinceBoot(), wrong)
		if verdict == trial.Keep {
			err := u.keep()
			if err == nil {
				return nil
			}
			verdict, why = trial.Fail, fmt.Sprintf("it cannot be made the one that starts by itself: %v", err)
		}
		if verdict == trial.Fail {
			u.giveUp(why)
			return restart.plain(ctx)
		}
		select {
		case <-ctx.Done():
			return nil // the next daemon goes on
		case <-tick.C:
		}
	}
}

// keep makes the system that runs the one that starts by itself.
func (u *updater) keep() error {
	if err := u.card.keep(); err != nil {
		return err
	}
	u.mu.Lock()
	u.onTrial = false
	r := u.record
	u.mu.Unlock()
	r.State = trial.Kept
	u.log.Info("the update has proved itself: it starts by itself from now on", "version", r.Version)
	if err := u.keepRecord(r); err != nil {
		u.log.Error("that the update was kept cannot be noted", "error", err)
	}
	u.tell()
	return nil
}

// giveUp notes why the system that runs is not kept.
func (u *updater) giveUp(why string) {
	u.mu.Lock()
	r := u.record
	u.mu.Unlock()
	r.State, r.Why = trial.Back, why
	u.log.Error("the update has failed: back to the old system", "version", r.Version, "why", why)
	if err := u.keepRecord(r); err != nil {
		u.log.Error("why the update has failed cannot be noted", "error", err)
	}
}
