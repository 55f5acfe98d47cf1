package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"warren/appliance/broker/oci"
)

// RabbitMQ keeps the list of its enabled feature flags in one file, and does not
// start if that is empty or torn. It writes it in place and does not flush it, so
// a power cut in the seconds after may leave it so. So there is a copy.
const (
	flagsPattern  = "mnesia/*-feature_flags"
	flagsCopyName = ".warren-feature-flags"
)

// wholeFlags reads a list of feature flags: one Erlang term, and a full stop.
func wholeFlags(path string) (list []byte, whole bool) {
	list, err := os.ReadFile(path)
	text := bytes.TrimSpace(list)
	return list, err == nil && bytes.HasPrefix(text, []byte("[")) && bytes.HasSuffix(text, []byte("]."))
}

// copyFlags copies the list of RabbitMQ's feature flags, if it has changed. One
// that is just being written is left for the next time.
func copyFlags(data string) error {
	paths, err := filepath.Glob(filepath.Join(data, flagsPattern))
	if err != nil || len(paths) != 1 {
		return err
	}
	list, whole := wholeFlags(paths[0])
	copied := filepath.Join(data, flagsCopyName)
	if before, _ := wholeFlags(copied); !whole || bytes.Equal(list, before) {
		return nil
	}
	return writeFile(copied, list, 0o600, 0, true)
}

// mendFlags puts the copy in the place of a list that is torn. What the copy
// lacks is enabled again.
func mendFlags(data string) (mended bool, err error) {
	paths, err := filepath.Glob(filepath.Join(data, flagsPattern))
	if err != nil || len(paths) != 1 {
		return false, err
	}
	if _, whole := wholeFlags(paths[0]); whole {
		return false, nil
	}
	list, whole := wholeFlags(filepath.Join(data, flagsCopyName))
	if !whole {
		return false, nil
	}
	return true, writeFile(paths[0], list, 0o600, 0, true)
}

// flagsRefused is what RabbitMQ 3.11 to 4.3 writes, and ends, when a feature flag
// that it requires is not enabled in its data.
const flagsRefused = "required feature flag not enabled!"

// allowFlags has RabbitMQ enable its feature flags: see oci.FlagsName.
func (c container) allowFlags() error {
	return writeFile(c.flagsFile(), nil, 0o644, 0, false)
}

// holdFlags keeps the next RabbitMQ from enabling its feature flags.
func (c container) holdFlags() error {
	if err := os.Remove(c.flagsFile()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (c container) flagsFile() string { return filepath.Join(c.run, "etc", oci.FlagsName) }

// hear notes what RabbitMQ says of its feature flags.
func (l *life) hear(line string) {
	switch {
	case strings.Contains(line, flagsRefused) && !l.well.Load():
		l.refused.Store(true)
	case strings.Contains(line, "Feature flags: `") && strings.HasSuffix(line, "` enabled"):
		l.copyFlags()
	}
}

// copyFlags copies the list of feature flags. Without the copy RabbitMQ works as
// well, until the next power cut.
func (l *life) copyFlags() {
	if err := copyFlags(l.container.data); err != nil {
		l.log.Warn("the list of RabbitMQ's feature flags cannot be copied", "error", err)
	}
}
