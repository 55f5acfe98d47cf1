package main

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// kernelLog counts errors of a disk that the kernel reports in /dev/kmsg (kernel,
// Documentation/ABI/testing/dev-kmsg). It has what was said since the start, as far as
// it is kept.
type kernelLog struct {
	path string

	fd    int // 0: it is not open
	count int
}

const (
	// maxRecord is more than the kernel gives out at once: CONSOLE_EXT_LOG_MAX, 8 KiB.
	maxRecord = 16 << 10

	// maxRecords bounds one look: the kernel may say more at once than can be read.
	maxRecords = 10_000

	// errorLevel is KERN_ERR: that and what is worse.
	errorLevel = '3'
)

// errors returns how many errors of a disk there were. A log that cannot be read
// has none.
func (k *kernelLog) errors(disk string) int {
	if k.fd == 0 {
		fd, err := unix.Open(k.path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return k.count
		}
		k.fd = fd
	}
	record := make([]byte, maxRecord)
	for range maxRecords {
		n, err := unix.Read(k.fd, record)
		if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.EINTR) { // some were overwritten before they were read
			continue
		}
		if err != nil || n <= 0 {
			break
		}
		for text := range strings.Lines(string(record[:n])) {
			if isError(text, disk) {
				k.count++
			}
		}
	}
	return k.count
}

// isError reports whether a record is of an error of a disk, such as
//
//	3,512,7001234,-;I/O error, dev mmcblk0, sector 2048 op 0x0:(READ)
//
// The number before the first comma is the level and, in multiples of eight, who
// says it: 0 is the kernel.
func isError(record, disk string) bool {
	prefix, text, ok := strings.Cut(record, ";")
	level, _, _ := strings.Cut(prefix, ",")
	return ok && len(level) == 1 && level[0] <= errorLevel &&
		strings.Contains(text, disk) && strings.Contains(strings.ToLower(text), "error")
}

func (k *kernelLog) close() {
	if k.fd != 0 {
		unix.Close(k.fd)
		k.fd = 0
	}
}
