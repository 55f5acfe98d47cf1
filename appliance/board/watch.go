package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"warren/internal/status"
)

// watch looks at a machine whose proc, sys and dev are below root. What is not
// there, or cannot be read, is not told: no board has all of it.
type watch struct {
	root   string
	statfs func(path string) (unix.Statfs_t, error) // of a path of the machine
	disk   string                                   // the card's, such as mmcblk0; "": not known
	kernel *kernelLog
	now    status.Board

	alarm bool          // the voltage is too low
	low   time.Duration // when it last was, since the start
}

// lowFor is how long a supply that was too weak counts as such: a moment of it is
// seen on the LED and on the page.
const lowFor = time.Minute

// coolBelow ends what began at status.HotFrom: a processor at that temperature is a
// degree above and a degree below it all the time.
const coolBelow = status.HotFrom - 3

// newWatch returns a watch that goes on from what an earlier life of the daemon has
// told since the start.
func newWatch(root string, before status.Board) *watch {
	w := &watch{root: root, kernel: &kernelLog{path: filepath.Join(root, "dev/kmsg")}}
	w.statfs = func(path string) (s unix.Statfs_t, err error) {
		err = unix.Statfs(filepath.Join(root, path), &s)
		return s, err
	}
	w.now.Power, w.now.Temperature, w.now.Noted = before.Power, before.Temperature, before.Noted
	return w
}

func (w *watch) close() { w.kernel.close() }

// lookAtPower asks whether the voltage is too low (kernel,
// drivers/hwmon/raspberrypi-hwmon.c).
func (w *watch) lookAtPower(up time.Duration) {
	sensors, _ := filepath.Glob(filepath.Join(w.root, "sys/class/hwmon/hwmon*")) // fails for a bad pattern only
	for _, dir := range sensors {
		if line(filepath.Join(dir, "name")) != "rpi_volt" {
			continue
		}
		value := line(filepath.Join(dir, "in0_lcrit_alarm"))
		if value == "" {
			continue
		}
		p := status.Power{}
		if w.now.Power != nil {
			p = *w.now.Power
		}
		alarm := value != "0"
		if alarm && !w.alarm {
			p.Times++
		}
		if w.alarm = alarm; alarm {
			w.low = up
		}
		p.Low = alarm || w.low > 0 && up-w.low < lowFor
		w.now.Power = &p
		return
	}
	w.now.Power = nil
}

// lookAtBoard asks for all else.
func (w *watch) lookAtBoard() {
	w.now.Model = strings.TrimRight(line(filepath.Join(w.root, "proc/device-tree/model")), "\x00")
	w.now.Temperature = w.temperature()
	w.now.Memory = w.memory()
	if w.disk == "" {
		w.disk, _ = diskOf(w.root) // on a machine that runs from no card there is none to tell of
	}
	w.now.Card = w.card()
	w.now.Data = w.data()
}

// temperature reads the processor's (kernel, Documentation/driver-api/thermal).
func (w *watch) temperature() *status.Temperature {
	zones, _ := filepath.Glob(filepath.Join(w.root, "sys/class/thermal/thermal_zone*")) // fails for a bad pattern only
	for _, dir := range zones {
		if line(filepath.Join(dir, "type")) != "cpu-thermal" {
			continue
		}
		milli, err := strconv.Atoi(line(filepath.Join(dir, "temp")))
		if err != nil {
			continue
		}
		t := status.Temperature{Now: milli / 1000, Most: milli / 1000}
		from := status.HotFrom
		if before := w.now.Temperature; before != nil {
			t.Most = max(t.Most, before.Most)
			if before.Hot {
				from = coolBelow
			}
		}
		t.Hot = t.Now >= from
		return &t
	}
	return nil
}

// memory reads proc_meminfo(5).
func (w *watch) memory() *status.Space {
	data, err := os.ReadFile(filepath.Join(w.root, "proc/meminfo"))
	if err != nil {
		return nil
	}
	var m status.Space
	for text := range strings.Lines(string(data)) {
		f := strings.Fields(text)
		if len(f) < 2 {
			continue
		}
		kib, _ := strconv.ParseInt(f[1], 10, 64) // 0 is not told
		switch f[0] {
		case "MemTotal:":
			m.All = kib << 10
		case "MemAvailable:":
			m.Free = kib << 10
		}
	}
	if m.All == 0 {
		return nil
	}
	return &m
}

// card looks at the disk that the system runs from (kernel,
// Documentation/ABI/stable/sysfs-block).
func (w *watch) card() *status.Card {
	if w.disk == "" {
		return nil
	}
	dir := filepath.Join(w.root, "sys/class/block", w.disk)
	sectors, _ := strconv.ParseInt(line(filepath.Join(dir, "size")), 10, 64) // of 512 bytes, whatever the disk has
	return &status.Card{
		Disk: w.disk, Name: line(filepath.Join(dir, "device/name")), Bytes: sectors * 512,
		ReadOnly: line(filepath.Join(dir, "ro")) == "1", Errors: w.kernel.errors(w.disk),
	}
}

// data looks at the file system for data.
func (w *watch) data() *status.Data {
	const path = "/perm"
	mount := mountOf(w.root, path)
	if mount == nil {
		return nil
	}
	s, err := w.statfs(path)
	if err != nil {
		return nil
	}
	return &status.Data{
		Space:    status.Space{Free: int64(s.Bavail) * int64(s.Bsize), All: int64(s.Blocks) * int64(s.Bsize)},
		Files:    int64(s.Ffree),
		ReadOnly: mount.readOnly,
	}
}

// line returns a file of one line, or "".
func line(path string) string {
	b, _ := os.ReadFile(path) // what cannot be read is not there
	return strings.TrimSpace(string(b))
}
