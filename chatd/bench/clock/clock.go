// Package clock is the clock of the benchmark, which all processes of a machine
// share, and the processor time of this one.
package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// Now returns nanoseconds of CLOCK_MONOTONIC, which all processes of a machine
// share. Go's own reading of that clock needs no system call but has no zero:
// it is put on the kernel's once.
func Now() int64 { return monotonicStart + int64(time.Since(start)) }

var start, monotonicStart = time.Now(), kernelClock()

func kernelClock() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // Linux has this clock
	}
	return ts.Nano()
}

// SleepUntil sleeps until a time of that clock. Go's own timers are up to a
// millisecond late when nothing else happens, which would be most of what is
// measured on an idle server.
func SleepUntil(at int64) {
	ts := unix.NsecToTimespec(at)
	for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &ts, nil) == unix.EINTR {
	}
}

// CPU returns the processor time that this process has used, in seconds.
func CPU() float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err) // it has no way to fail
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
