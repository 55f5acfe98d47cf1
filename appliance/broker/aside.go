package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// asideExt ends the name of a folder that was set aside.
const asideExt = ".aside"

// older names the RabbitMQ that has written data which do not say whose they are.
const older = "older"

// asideName is where data are set aside: those of another version of RabbitMQ
// under that version, those that are damaged (version "") under no version. So
// one never pushes out another, but of its own kind.
func asideName(data, version string) string {
	if version != "" {
		data += "-" + version
	}
	return data + asideExt
}

// maxAside is how many folders that were set aside are kept: see kept.
const maxAside = 2

// setAside gives the folder dir another name, so that RabbitMQ begins anew. Of
// each name one is kept: it goes when the next one comes, and until then costs no
// more than the log may. Of all names, of RabbitMQ's data, the last maxAside are kept.
func setAside(data, dir, aside string) error {
	if err := os.RemoveAll(aside); err != nil {
		return fmt.Errorf("remove what was set aside before: %w", err)
	}
	if err := os.Rename(dir, aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("set %s aside: %w", dir, err)
	}
	return errors.Join(keepNewest(data, aside), syncDir(filepath.Dir(data)))
}

// keepNewest makes aside the newest of what was set aside, and removes all but maxAside. A
// folder's time says when it was set aside. A card has no clock, so each is dated later than
// the others.
func keepNewest(data, aside string) error {
	others, err := filepath.Glob(data + "*" + asideExt)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(path string) bool { return path == aside })
	when := make(map[string]time.Time)
	now := time.Now()
	for _, path := range others {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		when[path] = info.ModTime()
		if !now.After(info.ModTime()) {
			now = info.ModTime().Add(time.Second)
		}
	}
	if err := os.Chtimes(aside, now, now); err != nil {
		return err
	}
	slices.SortFunc(others, func(a, b string) int { return when[b].Compare(when[a]) })
	for _, path := range others[min(len(others), maxAside-1):] {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove what was set aside before: %w", err)
		}
	}
	return nil
}

// syncDir puts on the disk which names are in a folder.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// versionsAside returns the versions of RabbitMQ whose data are set aside.
func versionsAside(data string) (versions []string) {
	all, _ := filepath.Glob(data + "-*" + asideExt)
	for _, path := range all {
		versions = append(versions, strings.TrimSuffix(strings.TrimPrefix(path, data+"-"), asideExt))
	}
	return versions
}

// tellAside returns sentences for the host about all that is set aside; own is
// the version of the RabbitMQ that runs. They are true as long as the folders are
// there, so they are told at each start.
func tellAside(data, own string) string {
	var all []string
	for _, version := range versionsAside(data) {
		all = append(all, fmt.Sprintf("%v, so the room has begun anew. Nothing is lost: what was said before is kept in %s, on the card's last partition. "+
			"To read it, put the card into a computer; “RabbitMQ's versions” in docs/update.md tells how.",
			errVersion{own, version}, asideName(data, version)))
	}
	if aside := asideName(data, ""); isDir(aside) {
		all = append(all, "RabbitMQ did not start with what was on the card, so the room has begun anew. What was said before is kept in "+aside+", on the card's last partition.")
	}
	return strings.Join(all, " ")
}

// writer names the RabbitMQ that has written data.
func writer(version string) string {
	if version == older {
		return "an older RabbitMQ"
	}
	return "RabbitMQ " + version
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// sizeAside returns how many bytes all that is set aside takes.
func sizeAside(data string) (size int64) {
	all, _ := filepath.Glob(data + "*" + asideExt)
	for _, dir := range all {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil
			}
			if info, err := d.Info(); err == nil {
				size += info.Size()
			}
			return nil
		})
	}
	return size
}
