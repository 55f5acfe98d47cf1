package debian

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Request says how the packages of a lock are to be taken.
type Request struct {
	Cache  string // folder with the store of packages, in debs
	Apt    string // folder for apt's lists; no two processes at a time may use it
	Mirror Mirror // zero: that of this machine
	Arch   string // architecture of the packages; "": Architecture

	// Locked takes each package exactly as the lock has it: what the mirror has
	// lost comes from the snapshot.
	Locked   bool
	Snapshot string // URL of the snapshot; "": that of the lock
}

// Taken is what was taken. All of it is in Store.
type Taken struct {
	Store       Store
	Packages    []Package
	Differences []Difference // from the lock
	Fetched     int
	Note        string // a sentence about what did not work and was not needed; or ""
}

// Take brings the packages of a lock into the store, as the request says. Where
// the archive cannot be reached, or its signature is not good, it takes the pinned versions if the store has all
// of them.
func Take(ctx context.Context, lock Lock, r Request) (Taken, error) {
	if names := lock.Unpinned(); len(names) > 0 {
		return Taken{}, fmt.Errorf("packages.lock has no version for %s: run -update-lock first", strings.Join(names, ", "))
	}
	t := Taken{Store: Store(filepath.Join(r.Cache, "debs")), Packages: lock.Packages}
	lacking := t.Store.lacks(lock.Packages)
	if r.Locked {
		t.Fetched = len(lacking)
		return t, r.takeLocked(ctx, t.Store, lock, lacking)
	}
	apt, err := r.OpenApt(ctx)
	if err != nil {
		if len(lacking) > 0 || ctx.Err() != nil {
			return t, err
		}
		t.Note = fmt.Sprintf("all packages are those of packages.lock, from the cache, because the archive cannot be asked for security updates: %v", err)
		return t, nil
	}
	offers, err := apt.pinOffers(ctx, lock.Packages)
	if err != nil {
		return t, err
	}
	var failed error
	t.Packages, t.Differences, err = choose(lock.Packages, offers, t.Store.has, newer(ctx, &failed))
	if err := errors.Join(err, failed); err != nil {
		return t, err
	}
	lacking = t.Store.lacks(t.Packages)
	t.Fetched = len(lacking)
	return t, t.Store.fetch(ctx, apt, lacking)
}

// OpenApt returns an apt that knows what the mirror has now.
func (r Request) OpenApt(ctx context.Context) (*Apt, error) {
	mirror := r.Mirror
	if mirror.Main == "" {
		var err error
		if mirror, err = MachineMirror(ctx); err != nil {
			return nil, err
		}
	}
	mirror.Arch = r.Arch
	return NewApt(ctx, r.Apt, mirror)
}

// takeLocked brings what the store lacks into it, from the mirror where that has
// it, and otherwise from the snapshot.
func (r Request) takeLocked(ctx context.Context, store Store, lock Lock, lacking []Package) error {
	if len(lacking) == 0 {
		return nil
	}
	left, mirrorErr := lacking, error(nil)
	if apt, err := r.OpenApt(ctx); err != nil {
		mirrorErr = err
	} else if left, err = fetchPinned(ctx, store, apt, lacking); err != nil || len(left) == 0 {
		return err
	}
	url := r.Snapshot
	if url == "" {
		url = lock.Snapshot
	}
	if url == "" {
		return errors.Join(fmt.Errorf("the mirror does not have %s, and packages.lock names no snapshot that has: name one with -snapshot URL", list(left)), mirrorErr)
	}
	snapshot := SnapshotAt(url)
	snapshot.Keyring, snapshot.Arch = r.Mirror.Keyring, r.Arch
	apt, err := NewApt(ctx, r.Apt+"-snapshot", snapshot)
	if err != nil {
		return errors.Join(fmt.Errorf("%s must come from the snapshot: %w", list(left), err), mirrorErr)
	}
	if left, err = fetchPinned(ctx, store, apt, left); err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("neither the mirror nor the snapshot %s has %s: name another snapshot with -snapshot URL, or build without -locked", url, list(left))
	}
	return nil
}

// fetchPinned brings those of the packages into the store that apt knows in
// exactly the pinned version, and returns the others.
func fetchPinned(ctx context.Context, store Store, apt *Apt, pins []Package) (left []Package, err error) {
	offers, err := apt.pinOffers(ctx, pins)
	if err != nil {
		return nil, err
	}
	var there []Package
	for _, pin := range pins {
		if err := tampered(pin, offers[pin.Name]); err != nil {
			return nil, err
		}
		known := false
		for _, o := range offers[pin.Name] {
			known = known || o.isFile(pin)
		}
		if known {
			there = append(there, pin)
		} else {
			left = append(left, pin)
		}
	}
	return left, store.fetch(ctx, apt, there)
}

func list(packages []Package) string {
	var names []string
	for _, p := range packages {
		names = append(names, p.String())
	}
	return strings.Join(names, ", ")
}
