package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"warren/appliance/update/protocol"
	"warren/appliance/update/trial"
)

// startTime is how long a card may take to answer after a restart: a Pi starts
// in less than half a minute, the emulator on a busy machine in one. When the
// new system is not kept there are two restarts.
const startTime = 2 * time.Minute

// send sends the root file system in file, and returns nil when the card runs
// it for good.
func send(ctx context.Context, c *card, file string, trialTime time.Duration, askCode func() (string, error), tell *teller) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("%w: `make image` builds it", err)
	}
	defer f.Close()
	h := sha256.New()
	length, err := io.Copy(h, f)
	if err != nil {
		return err
	}
	// Asked first: who has no card here need not look for its code.
	before, err := c.status(ctx)
	if err != nil {
		return err
	}
	tell.line("%s runs %s, from root %s.", c.host, before.Version, before.Root)
	code, err := askCode()
	if err != nil {
		return err
	}
	s, err := c.status(ctx) // the nonce of before may have become too old
	if err != nil {
		return err
	}
	key, err := s.Challenge.Key(code)
	if err != nil {
		return err
	}
	a := protocol.Announcement{Nonce: s.Challenge.Nonce, SHA256: [32]byte(h.Sum(nil)), Length: length, Trial: trialTime}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	version, err := c.put(ctx, tell.progress(f, length), a, key)
	if err != nil {
		return err
	}
	tell.line("The card has it, and it is whole. The card restarts, and tries %s: it has %v to prove itself.", version, trialTime)
	last, err := c.outcome(ctx, hex.EncodeToString(a.SHA256[:]), trialTime, tell)
	if err != nil {
		return err
	}
	if last.State == trial.Kept {
		tell.line("%s runs the new system, %s, from root %s.", c.host, last.Version, last.Root)
		return nil
	}
	return fmt.Errorf("%s went back to the old system: the new one failed: %s", c.host, last.Why)
}

// outcome waits until the card says what became of the update with that hash.
func (c *card) outcome(ctx context.Context, sum string, trialTime time.Duration, tell *teller) (trial.Record, error) {
	waiting, cancel := context.WithTimeout(ctx, trialTime+2*startTime)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	tried := false
	for {
		s, err := c.status(waiting)
		switch {
		case err != nil || s.Last == nil || s.Last.SHA256 != sum:
		case s.OnTrial && !tried:
			tried = true
			tell.line("The new system has started, and is on trial.")
		case s.OnTrial:
		case s.Last.State == trial.Kept || s.Last.State == trial.Back:
			return *s.Last, nil
		}
		select {
		case <-ctx.Done():
			return trial.Record{}, ctx.Err()
		case <-waiting.Done():
			return trial.Record{}, errors.New("the card has not answered for too long. If it has another address now, ask it there; " +
				"otherwise pull its plug and put it back: it goes back to the old system by itself")
		case <-tick.C:
		}
	}
}
