package report

import (
	"bufio"
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine is what the benchmark ran on. It holds no names of hosts or people.
type Machine struct {
	Processor string `json:"processor"`
	Cores     int    `json:"cores"`
	Memory    int64  `json:"memory_bytes"`
	Kernel    string `json:"kernel"`
	Go        string `json:"go"`
	RabbitMQ  string `json:"rabbitmq"`
	Erlang    string `json:"erlang"`
}

// ThisMachine describes the machine, all but its RabbitMQ.
func ThisMachine() Machine {
	m := Machine{Processor: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version()}
	// An ARM kernel names no model; the board does.
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		m.Processor = name
	} else if b, err := os.ReadFile("/proc/device-tree/model"); err == nil {
		m.Processor = string(bytes.TrimRight(b, "\x00"))
	}
	kB, _ := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	m.Memory = kB << 10
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		release, _, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), "-") // what follows may name a machine
		m.Kernel = "Linux " + release
	}
	return m
}

// field returns the first value of a name in a file of "name: value" lines.
func field(path, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if k, v, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
