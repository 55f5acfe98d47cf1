package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"warren/internal/status"
)

// A host who erases the room's log means all of it: also what was set aside of older logs,
// and the copy that is kept of one while a new RabbitMQ proves itself. chatd may not touch
// them. It tells of which epoch the log is that an erasure has left (status.Erased), and
// finds that in the log itself: so it tells it again after each start, and nothing that ends
// in between loses the wish. Here it is noted for which epoch it has been done. So what is
// set aside later, which was said later, stays when chatd tells the same again.

// erasedName is where that epoch is noted, in the folder of the broker's URL.
const erasedName = "broker.erased"

// watchErased removes older logs as soon as chatd tells of an erasure, until ctx ends. It begins
// when RabbitMQ is well: before, a copy may be the only way back, and nothing can be erased.
func (l *life) watchErased(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-l.wellNow:
	}
	tick := time.NewTicker(l.times.poll)
	defer tick.Stop()
	for {
		if l.forgetErased() {
			l.tellAside(l.own)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// forgetErased removes what there is of older logs, if chatd tells of an erasure for which
// that has not been done. It is also called before anything is set aside, so that this stays.
func (k *keeper) forgetErased() (removed bool) {
	epoch := status.Erased(k.told)
	if epoch == "" || k.inMemory || epoch == k.forgotten {
		return false
	}
	noted := filepath.Join(filepath.Dir(k.container.data), "warren", erasedName)
	if b, err := os.ReadFile(noted); err == nil && strings.TrimSpace(string(b)) == epoch {
		k.forgotten = epoch
		return false
	}
	err := removeOlder(k.container.data)
	if err == nil {
		err = writeFile(noted, []byte(epoch+"\n"), 0o600, 0, true)
	}
	if err != nil {
		if text := err.Error(); text != k.unforgotten { // it is tried again each second
			k.unforgotten = text
			k.log.Error("the room was erased, and what was set aside before cannot be removed", "error", err)
		}
		return false
	}
	k.forgotten, k.unforgotten = epoch, ""
	k.log.Info("the room was erased, and what was set aside before is removed")
	return true
}

// removeOlder removes all that was set aside, and all copies, and puts that on the disk.
func removeOlder(data string) error {
	all, err := filepath.Glob(data + "*" + asideExt)
	if err != nil {
		return err
	}
	for _, dir := range all {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err = errors.Join(err, removeCopies(data)); err != nil {
		return fmt.Errorf("remove older logs: %w", err)
	}
	return syncDir(filepath.Dir(data))
}
