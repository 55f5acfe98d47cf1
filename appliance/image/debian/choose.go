package debian

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"warren/appliance/image/tool"
)

// Difference is a package that is taken in another version than the lock has.
type Difference struct {
	Pinned, Taken Package
	Why           string
}

func (d Difference) String() string {
	pinned := d.Pinned.String()
	switch {
	case d.Pinned.Version == "":
		return fmt.Sprintf("%s: %s", d.Taken, d.Why)
	case d.Taken.Name == d.Pinned.Name:
		pinned = d.Pinned.Version
	}
	return fmt.Sprintf("%s, not %s: %s", d.Taken, pinned, d.Why)
}

// Why a package is not taken as pinned.
const (
	whySecurity = "a security update"
	whyGone     = "the archive no longer has that version"
	whyBehind   = "the mirror has only this older version: wait until it is up to date, or name another"
	whySource   = "it is built together with "
	whyNewest   = "the archive has it now"
)

// choose returns the packages to take, in the order of pins, and what differs
// from them.
//
// A package is taken as pinned where the archive or the store has that version,
// unless the security archive has a newer one. Otherwise the archive's newest
// version is taken, and with it that of all packages from the same source: they
// often depend on each other in exactly one version.
func choose(pins []Package, offers map[string][]offer, has func(Package) bool, newer func(a, b string) bool) ([]Package, []Difference, error) {
	type move struct{ why, of string }
	moves := map[string]move{} // by source
	for _, pin := range pins {
		have := offers[pin.Name]
		if err := tampered(pin, have); err != nil {
			return nil, nil, err
		}
		why := ""
		switch {
		case slices.ContainsFunc(have, func(o offer) bool {
			return o.security && o.Version != pin.Version && newer(o.Version, pin.Version)
		}):
			why = whySecurity
		case has(pin), slices.ContainsFunc(have, func(o offer) bool { return o.isFile(pin) }):
		case len(have) == 0:
			return nil, nil, fmt.Errorf("the archive has no package %s any more: find out what has replaced it, write that name into packages.lock instead, and run -update-lock; or build what was last tested, with -locked", pin.Name)
		case newer(pin.Version, have[0].Version):
			why = whyBehind
		default:
			why = whyGone
		}
		if why != "" && moves[have[0].source].why == "" {
			moves[have[0].source] = move{why, pin.Name}
		}
	}
	var take []Package
	var differences []Difference
	for _, pin := range pins {
		have := offers[pin.Name]
		if len(have) == 0 || moves[have[0].source].why == "" || have[0].isFile(pin) {
			take = append(take, pin)
			continue
		}
		why := moves[have[0].source].why
		if of := moves[have[0].source].of; of != pin.Name && why == whyGone {
			why = whySource + of
		}
		newest := have[0].Package
		newest.Meta = pin.Meta
		take = append(take, newest)
		differences = append(differences, Difference{pin, newest, why})
	}
	return take, differences, nil
}

// tampered says that the archive has another file under the very version that is
// pinned.
func tampered(pin Package, have []offer) error {
	var other string
	for _, o := range have {
		if o.isFile(pin) {
			return nil
		}
		if o.Name == pin.Name && o.Version == pin.Version {
			other = o.SHA256
		}
	}
	if other == "" {
		return nil
	}
	return fmt.Errorf("the archive's %s is not the file that packages.lock has (SHA-256 %s instead of %s): do not use it before you know why", pin, other, pin.SHA256)
}

// newer reports whether version a is newer than b, as Debian compares them
// (deb-version(7)).
// What goes wrong is joined to failed.
func newer(ctx context.Context, failed *error) func(a, b string) bool {
	return func(a, b string) bool {
		_, err := tool.Run(ctx, "dpkg", "--compare-versions", a, "gt", b)
		var exit *exec.ExitError
		if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) { // 1: it is not
			*failed = errors.Join(*failed, fmt.Errorf("compare the versions %s and %s: %w", a, b, err))
		}
		return err == nil
	}
}

// Newest returns the lock with all packages in the archive's newest versions, and
// with what has changed. If nothing has, it is the same lock.
func (l Lock) Newest(ctx context.Context, apt *Apt, snapshot string) (Lock, []Difference, error) {
	offers, err := apt.pinOffers(ctx, l.Packages)
	if err != nil {
		return l, nil, err
	}
	newest := l
	newest.Packages = nil
	var differences []Difference
	var unknown []string
	for _, pin := range l.Packages {
		if len(offers[pin.Name]) == 0 {
			unknown = append(unknown, pin.Name)
			continue
		}
		p := offers[pin.Name][0].Package
		p.Meta = pin.Meta
		newest.Packages = append(newest.Packages, p)
		if !p.isFile(pin) {
			differences = append(differences, Difference{pin, p, whyNewest})
		}
	}
	if len(unknown) > 0 {
		return l, nil, fmt.Errorf("the archive has no package %s: find out what has replaced it, and write that name into packages.lock instead", strings.Join(unknown, ", "))
	}
	if len(differences) > 0 {
		newest.Snapshot = snapshot
	}
	return newest, differences, nil
}
