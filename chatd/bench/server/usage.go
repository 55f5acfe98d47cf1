package server

import (
	"fmt"
	"os"

	"github.com/prometheus/procfs"
)

// Usage is what processes have used, from /proc (proc(5)).
type Usage struct {
	CPU float64 `json:"cpu_s"` // seconds, with those of children that have ended; a kernel tick, 10 ms, is the least

	RSS  int64 `json:"rss_bytes"`      // now
	Peak int64 `json:"peak_rss_bytes"` // since ResetPeak

	// Writes and Written are write(2), writev(2) and the like, of which Go's TCP
	// connections use nothing else, and bytes so written; to anything.
	Writes  int64 `json:"writes"`
	Written int64 `json:"written_bytes"`
}

// UsageOf returns what the process pid has used.
func UsageOf(pid int) (u Usage, err error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return u, fmt.Errorf("look at process %d: %w", pid, err)
	}
	stat, err := p.Stat()
	if err != nil {
		return u, fmt.Errorf("look at the processor time of process %d: %w", pid, err)
	}
	status, err := p.NewStatus()
	if err != nil {
		return u, fmt.Errorf("look at the memory of process %d: %w", pid, err)
	}
	io, err := p.IO()
	if err != nil {
		return u, fmt.Errorf("look at the writes of process %d: %w", pid, err)
	}
	const tick = 100 // a second, on any Linux: USER_HZ
	return Usage{
		CPU:     float64(int64(stat.UTime)+int64(stat.STime)+int64(stat.CUTime)+int64(stat.CSTime)) / tick,
		RSS:     int64(status.VmRSS),
		Peak:    int64(status.VmHWM),
		Writes:  int64(io.SyscW),
		Written: int64(io.WChar),
	}, nil
}

// ResetPeak lets the peak of a process begin anew.
func ResetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

// plus adds what another process has used.
func (u Usage) plus(v Usage) Usage {
	return Usage{u.CPU + v.CPU, u.RSS + v.RSS, u.Peak + v.Peak, u.Writes + v.Writes, u.Written + v.Written}
}

// Since returns what was used since before: memory is what it is now.
func (u Usage) Since(before Usage) Usage {
	u.CPU -= before.CPU
	u.Writes -= before.Writes
	u.Written -= before.Written
	return u
}
