package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"warren/appliance/image/debian"
	"warren/appliance/image/tool"
)

// builder is one build of the image.
type builder struct {
	*options
	cache   cache
	module  string    // directory of the module
	version string    // what the programs say they are: the release, or the commit
	at      time.Time // the time of everything in the image: the commit's
	self    string    // hash of this program, which is an input, too

	log      io.Writer
	terminal bool // somebody waits at log
}

func newBuilder(ctx context.Context, o *options, log io.Writer) (*builder, error) {
	if err := tool.Check(); err != nil {
		return nil, err
	}
	gomod, err := tool.Run(ctx, "go", "env", "GOMOD")
	if err != nil {
		return nil, err
	}
	b := &builder{options: o, cache: cache(o.cache), log: log}
	b.module = filepath.Dir(strings.TrimSpace(gomod))
	if _, err := os.Stat(b.lockFile()); err != nil {
		return nil, errors.New("this must be run in Warren's own sources: go run ./appliance/image")
	}
	if b.version, b.at, err = commit(ctx, b.module); err != nil {
		return nil, err
	}
	b.version = cmp.Or(o.release, b.version)
	program, err := os.Executable()
	if err == nil {
		b.self, err = debian.SHA256File(program)
	}
	return b, err
}

func (b *builder) lockFile() string {
	return filepath.Join(b.module, "appliance/image/packages.lock")
}

// commit returns the commit's name, as the Makefile has it, and its time, which
// SOURCE_DATE_EPOCH may set. Sources without git have neither.
func commit(ctx context.Context, module string) (string, time.Time, error) {
	name, at := "unknown", time.Unix(0, 0)
	if out, err := tool.Run(ctx, "git", "-C", module, "describe", "--always", "--dirty"); err == nil {
		name = strings.TrimSpace(out)
		out, err = tool.Run(ctx, "git", "-C", module, "log", "-1", "--format=%ct")
		if err != nil {
			return "", at, err
		}
		seconds, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
		if err != nil {
			return "", at, err
		}
		at = time.Unix(seconds, 0)
	}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return "", at, fmt.Errorf("SOURCE_DATE_EPOCH is %q: it must be seconds since 1970", epoch)
		}
		at = time.Unix(seconds, 0)
	}
	return name, at, nil
}

// step does one step and says what came of it and how long it took.
func (b *builder) step(name string, do func() (came string, err error)) error {
	if b.terminal {
		fmt.Fprintf(b.log, "       …   %s\r", name)
	}
	start := time.Now()
	came, err := do()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Fprintf(b.log, "%6.1f s  %-16s %s\n", time.Since(start).Seconds(), name, came)
	return nil
}

func (b *builder) readLock() (debian.Lock, error) {
	content, err := os.ReadFile(b.lockFile())
	if err != nil {
		return debian.Lock{}, err
	}
	lock, err := debian.ParseLock(content)
	if err != nil {
		err = fmt.Errorf("%s: %w", b.lockFile(), err)
	}
	return lock, err
}

// request says where the packages come from.
func (b *builder) request() debian.Request {
	r := debian.Request{
		Cache: b.options.cache, Apt: filepath.Join(b.options.cache, "apt"),
		Locked: b.locked, Snapshot: b.snapshot,
	}
	if b.mirror != "" {
		r.Mirror = debian.MirrorAt(b.mirror)
	}
	return r
}

// updateLock pins all packages to what the mirror has now.
func (b *builder) updateLock(ctx context.Context) error {
	lock, err := b.readLock()
	if err != nil {
		return err
	}
	apt, err := b.request().OpenApt(ctx)
	if err != nil {
		return err
	}
	newest, differences, err := lock.Newest(ctx, apt, debian.SnapshotOf(time.Now()))
	if err != nil {
		return err
	}
	for _, d := range differences {
		fmt.Fprintln(b.log, d)
	}
	return os.WriteFile(b.lockFile(), newest.Format(), 0o644)
}
