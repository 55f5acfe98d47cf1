package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"warren/appliance/broker/oci"
	"warren/appliance/supervise"
)

const (
	containerID = "warren-broker"

	// stopTime is how long RabbitMQ may take to end by itself. It takes 1 to 5
	// seconds; the system waits for at most 100 before it switches off.
	stopTime = 20 * time.Second

	// crunTime bounds a call of crun that is not the container itself. It
	// takes 0.1 s.
	crunTime = 20 * time.Second
)

// container is RabbitMQ in crun.
type container struct {
	img  string        // what is sealed, mounted: rootfs/ and crun/
	run  string        // folder of our own in /run
	data string        // RabbitMQ's
	stop time.Duration // stopTime, but in tests
}

// prepare writes what crun and RabbitMQ read. keep is how much of the log stays,
// in bytes.
func (c container) prepare(conf string, keep int64) error {
	if err := own(c.data); err != nil {
		return fmt.Errorf("make RabbitMQ's data folder: %w", err)
	}
	etc, bundle := filepath.Join(c.run, "etc"), c.bundle()
	for _, dir := range []string{etc, bundle} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	// RabbitMQ reads its configuration; nobody else does, for the password.
	if err := os.Chmod(etc, 0o750); err != nil {
		return err
	}
	if err := chown(etc, -1, oci.User); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(etc, oci.ConfName), []byte(conf), 0o640, oci.User, false); err != nil {
		return fmt.Errorf("write RabbitMQ's configuration: %w", err)
	}
	spec, err := oci.Bundle{Root: c.root(), Data: c.data, Conf: etc, Keep: keep, Processor: lastProcessor(cgroups)}.ConfigJSON()
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(bundle, "config.json"), spec, 0o600, 0, false)
}

// root is that of the container.
func (c container) root() string { return filepath.Join(c.img, "rootfs") }

func (c container) bundle() string { return filepath.Join(c.run, "bundle") }

// own makes a folder that belongs to RabbitMQ, with all that is in it: it may
// have been copied there by hand.
func own(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid == oci.User && st.Gid == oci.User {
			return nil // no need to write
		}
		return chown(path, oci.User, oci.User)
	})
}

// chown is os.Lchown; only root may call it, which a test need not be.
var chown = os.Lchown

// crun returns the command line of a call of crun. It is started by the dynamic
// loader that is sealed with it: the device has no C library of its own.
func (c container) crun(args ...string) []string {
	dir := filepath.Join(c.img, "crun")
	lib, bin := filepath.Join(dir, "lib"), filepath.Join(dir, "crun")
	line := []string{bin}
	if loader, _ := filepath.Glob(filepath.Join(lib, "ld-linux*")); len(loader) > 0 {
		line = []string{loader[0], "--library-path", lib, bin}
	}
	line = append(line, "--root", filepath.Join(c.run, "crun"), "--cgroup-manager=cgroupfs")
	return append(line, args...)
}

// call runs crun and returns when it has ended.
func (c container) call(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, crunTime)
	defer cancel()
	line := c.crun(args...)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("crun %s: %w: %.300s", args[0], err, out)
	}
	return nil
}

// remove ends what is left of an earlier container: one that outlived its crun.
func (c container) remove(ctx context.Context) error {
	return c.call(ctx, "delete", "--force", containerID)
}

// runUntil runs the container until it ends by itself, which is an error, or
// ctx does.
func (c container) runUntil(ctx context.Context, log func(line string)) error {
	line := c.crun("run", "--bundle", c.bundle(), containerID)
	err := supervise.Program{
		Path: line[0], Args: line[1:], Log: log, Patience: c.stop,
		Force: func() { c.remove(context.WithoutCancel(ctx)) },
	}.Run(ctx)
	switch {
	case ctx.Err() != nil:
		return err
	case err == nil:
		return errors.New("RabbitMQ has ended by itself")
	}
	return fmt.Errorf("RabbitMQ has ended: %w", err)
}
