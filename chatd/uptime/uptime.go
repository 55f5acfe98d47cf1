// Package uptime reads the only clock that a machine without a clock has: how
// long it has been up.
package uptime

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"warren/chatd/chat"
)

// bootID names this boot: the kernel's random id, the same for all processes
// (proc(5), /proc/sys/kernel/random/boot_id).
var bootID = sync.OnceValue(func() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return uuid.NewString() // no proc: then the boot is this process's life
	}
	return strings.TrimSpace(string(b))
})

// Now returns the stamp of this moment. Safe for concurrent use.
func Now() chat.Stamp {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(fmt.Sprintf("clock_gettime(CLOCK_BOOTTIME): %v", err)) // in every Linux since 2.6.39
	}
	return chat.Stamp{Boot: bootID(), UpMS: ts.Nano() / int64(time.Millisecond)}
}
