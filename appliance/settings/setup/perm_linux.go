package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"warren/appliance/partition"
	"warren/appliance/settings"
)

// permDir is where gokrazy mounts the partition for data.
const permDir = "/perm"

// growTime is how long the daemons wait for their settings until the partition for
// data has grown, once in a card's life: so the broker finds it as large as it will be.
// To 8 GiB it takes ext4 110 MiB of zeros, some ten seconds of a slow card.
const growTime = 30 * time.Second

// grow looks after the partition for data of the card that the system runs from: it
// may become dataGB GiB large. When that is done there is a sentence for the host in
// the channel, or none if all is well.
func grow(dataGB int, log *slog.Logger) <-chan []string {
	done := make(chan []string, 1)
	go func() {
		device, err := permDevice()
		if err != nil {
			log.Warn("the partition for data is left as it is", "error", err)
			done <- nil
			return
		}
		if err := stopOnErrors(permDir); err != nil {
			log.Warn("the partition for data does not turn read-only where the card is broken", "error", err)
		}
		start := time.Now()
		g, err := partition.Grow(device, permDir, int64(dataGB)<<30)
		if err != nil {
			log.Error("the partition for data does not grow", "error", err)
			done <- []string{"The partition for data cannot be made as large as the card, and stays as it is: " + err.Error() + "."}
			return
		}
		if g.Grown {
			log.Info("the partition for data has grown", "bytes", g.Size, "took", time.Since(start).Round(time.Millisecond))
		}
		done <- nil
	}()
	return done
}

// permDevice returns the partition for data, if it is the one that is mounted at
// permDir: on other machines than a card nothing is touched.
func permDevice() (string, error) {
	devices, _, err := settings.Partitions()
	if err != nil {
		return "", err
	}
	device := devices["4"]
	mounted, err := mountedAt("/proc/self/mountinfo", permDir)
	if err != nil {
		return "", err
	}
	number, err := os.ReadFile(filepath.Join("/sys/class/block", filepath.Base(device), "dev"))
	if err != nil || strings.TrimSpace(string(number)) != mounted {
		return "", fmt.Errorf("what is mounted at %s is not the fourth partition of the card", permDir)
	}
	return device, nil
}

// mountedAt returns the number, such as 179:4, of the device that is mounted at dir,
// as proc_pid_mountinfo(5) has it; "" if none is. The last of several is seen.
func mountedAt(mountinfo, dir string) (number string, err error) {
	data, err := os.ReadFile(mountinfo)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 4 && f[4] == dir {
			number = f[2]
		}
	}
	return number, nil
}

// stopOnErrors has the ext4 at dir turn read-only at an error, in place of going on
// and making it worse. New cards have it in their superblock; gokrazy mounts without
// options. One that is read-only already stays so.
func stopOnErrors(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err
	}
	if st.Flags&unix.ST_RDONLY != 0 {
		return nil
	}
	// Without flags for access times those of before stay (mount(2)).
	return unix.Mount("", dir, "", unix.MS_REMOUNT, "errors=remount-ro")
}
