package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// machine is where the kernel says what there is: below root, which is / but in
// tests.
type machine struct{ root string }

func (m machine) sys(name string, file ...string) string {
	return filepath.Join(append([]string{m.root, "sys/block", name}, file...)...)
}

// attribute returns what a file of sysfs has, or nothing.
func (m machine) attribute(name string, file ...string) string {
	content, err := os.ReadFile(m.sys(name, file...))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}

// disk is a disk that may be erased.
type disk struct {
	name  string // such as sdb
	model string
	size  int64
}

func (d disk) String() string {
	return fmt.Sprintf("%s (%s, %.1f GB)", d.name, d.model, float64(d.size)/1e9)
}

// find returns the disk of a device, such as /dev/sdb, if it is one that may be
// erased: a whole disk, removable, in use by nobody, and large enough.
func (m machine) find(device string, need int64) (disk, error) {
	d, err := m.identify(device)
	if err != nil {
		return d, err
	}
	if !m.removable(d.name) {
		return d, fmt.Errorf("%s is not removable: it is a disk of this machine, and not a card", d)
	}
	if m.attribute(d.name, "ro") == "1" {
		return d, fmt.Errorf("%s is write-protected: look for a little slide on the card or its adapter", d)
	}
	if used := m.uses(d.name); len(used) > 0 {
		return d, fmt.Errorf("%s is in use (%s): unmount it first, and make sure that it is the card", d, strings.Join(used, ", "))
	}
	if d.size == 0 {
		return d, fmt.Errorf("there is no card in %s", d.name)
	}
	if d.size < need {
		return d, fmt.Errorf("%s is too small: the image needs %.1f GB", d, float64(need)/1e9)
	}
	return d, nil
}

// identify says which disk a device is.
func (m machine) identify(device string) (disk, error) {
	path, err := filepath.EvalSymlinks(device) // such as those in /dev/disk/by-id
	if errors.Is(err, fs.ErrNotExist) {
		return disk{}, fmt.Errorf("there is no %s: lsblk lists the disks of this machine", device)
	}
	if err != nil {
		return disk{}, err
	}
	name := filepath.Base(path)
	if _, err := os.Stat(m.sys(name)); err != nil {
		if whole, err := filepath.Glob(m.sys("*", name)); err == nil && len(whole) == 1 {
			return disk{}, fmt.Errorf("%s is a partition: name the whole disk, /dev/%s", device, filepath.Base(filepath.Dir(whole[0])))
		}
		return disk{}, fmt.Errorf("%s is no disk", device)
	}
	sectors, err := strconv.ParseInt(m.attribute(name, "size"), 10, 64) // of 512 bytes, always
	if err != nil {
		return disk{}, fmt.Errorf("the size of %s is not known: %w", device, err)
	}
	model := m.attribute(name, "device/vendor") + " " + m.attribute(name, "device/model")
	if model = strings.TrimSpace(model); model == "" {
		model = m.attribute(name, "device/name") // of an SD card
	}
	if model == "" {
		model = "no model known"
	}
	return disk{name, model, sectors * 512}, nil
}

// removable tells whether a disk is one: the kernel says it, but for cards in a
// reader that is built in, which have a type instead.
func (m machine) removable(name string) bool {
	return m.attribute(name, "removable") == "1" || m.attribute(name, "device/type") == "SD"
}

// uses returns what uses the disk or a partition of it.
func (m machine) uses(name string) []string {
	parts := []string{name}
	partitions, _ := filepath.Glob(m.sys(name, name+"*", "partition")) // the pattern is right
	for _, p := range partitions {
		parts = append(parts, filepath.Base(filepath.Dir(p)))
	}
	var uses []string
	numbers := map[string]bool{}
	for _, part := range parts {
		dir := []string{part}
		if part == name {
			dir = nil
		}
		numbers[m.attribute(name, append(slices.Clone(dir), "dev")...)] = true
		holders, _ := os.ReadDir(m.sys(name, append(slices.Clone(dir), "holders")...)) // none is no use
		for _, h := range holders {
			uses = append(uses, part+" is part of "+h.Name())
		}
	}
	// The fields of mountinfo are in proc_pid_mountinfo(5).
	mounts, _ := os.ReadFile(filepath.Join(m.root, "proc/self/mountinfo"))
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 4 && numbers[f[2]] {
			uses = append(uses, "mounted at "+f[4])
		}
	}
	swaps, _ := os.ReadFile(filepath.Join(m.root, "proc/swaps"))
	for line := range strings.Lines(string(swaps)) {
		if f := strings.Fields(line); len(f) > 0 && slices.Contains(parts, filepath.Base(f[0])) {
			uses = append(uses, "swap on "+f[0])
		}
	}
	return uses
}
