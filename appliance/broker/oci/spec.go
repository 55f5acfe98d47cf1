// Package oci writes what crun needs to run RabbitMQ: config.json, by the OCI
// Runtime Specification 1.0 (config.md, config-linux.md).
//
// The contract of the container: RabbitMQ is its only program, started without
// a shell, epmd or a port of Erlang's own. It has its own user, no capability
// and cannot gain one, a list of system calls, a read-only root; it writes to
// its data and to two small tmpfs. It sees its own processes only, and shares
// the network with the host, where it listens on a loopback port.
//
// The types are those of the specification's own Go package, which has no
// dependencies: a field misspelt there would be a limit that does not hold.
package oci

import (
	"encoding/json"
	"fmt"
	"path"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// User is the user and group id of RabbitMQ, in the container and outside of
// it. Nothing else on the device has it.
const User = 999

const (
	// MemoryWatermark is where RabbitMQ takes no more messages until it has
	// dealt with those it has, by the memory of its process, in bytes. A busy
	// room was seen to take 126 MB, five readers of long history beside it,
	// with the longest messages, 200 MB: no alarm. At 128 MiB publishers were
	// blocked for seconds.
	MemoryWatermark = 200 << 20

	// MemoryLimit is what the container may use, page cache of its files
	// included, in bytes. What is over it is killed and started again, so the
	// alarm must come first: RabbitMQ looks once a second, and four publishers
	// of 16 KiB messages, flat out, with four readers that have stopped reading,
	// took it to 240 MB before it had looked. The kernel's own share was 10 MB;
	// the page cache gives way. A board of 512 MB keeps 200 for all else, in the
	// worst case; it is not set aside, and a room needs 124 MB of it.
	MemoryLimit = 300 << 20

	// tasksLimit is how many threads and processes there may be: 22 were seen.
	tasksLimit = 128

	// filesLimit is how many files and connections may be open: two a segment
	// that is being read, and connections of a few daemons.
	filesLimit = 2048

	// cgroup is where the limits hold, below the root of all cgroups.
	cgroup = "/warren/rabbitmq"
)

// Places in the container.
const (
	dataDir = "/var/lib/rabbitmq"
	confDir = "/etc/rabbitmq"

	// ConfName is the name of RabbitMQ's configuration in Bundle.Conf.
	ConfName = "rabbitmq.conf"

	nodeName = "rabbit@localhost" // also names the folder of the database
)

// Bundle is what differs from one device to another: folders, as absolute
// paths outside of the container.
type Bundle struct {
	Root string // the root of the container, with RabbitMQ in it
	Data string // where RabbitMQ keeps its data, owned by User
	Conf string // with ConfName in it, readable by User

	Keep int64 // how much of the room's log stays, in bytes

	// Processor is the one that RabbitMQ runs on; empty: any. Its one scheduler
	// and its threads for files wake each other some ten times for each message,
	// which is dearer from one processor to another than on one.
	Processor string
}

// ConfigJSON returns config.json.
func (b Bundle) ConfigJSON() ([]byte, error) {
	tree, err := find(b.Root)
	if err != nil {
		return nil, err
	}
	js, err := json.MarshalIndent(b.spec(tree), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the container's configuration: %w", err)
	}
	return append(js, '\n'), nil
}

func (b Bundle) spec(t tree) *specs.Spec {
	memory, tasks := int64(MemoryLimit), int64(tasksLimit)
	var processor *specs.LinuxCPU
	if b.Processor != "" {
		processor = &specs.LinuxCPU{Cpus: b.Processor}
	}
	return &specs.Spec{
		Version: "1.0.2", // the oldest that has all of this
		Root:    &specs.Root{Path: b.Root, Readonly: true},
		Process: &specs.Process{
			User:            specs.User{UID: User, GID: User},
			Args:            t.args(b.Keep),
			Env:             t.env(),
			Cwd:             dataDir,
			Capabilities:    &specs.LinuxCapabilities{}, // five empty sets
			NoNewPrivileges: true,
			Rlimits: []specs.POSIXRlimit{
				{Type: "RLIMIT_NOFILE", Hard: filesLimit, Soft: filesLimit},
				{Type: "RLIMIT_CORE"},
			},
		},
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
			{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "noexec", "mode=755", "size=64k"}},
			scratch("/tmp", "size=16m"), // RabbitMQ's configuration, translated
			scratch("/run", "size=1m"),
			{Destination: dataDir, Type: "bind", Source: b.Data, Options: []string{"bind", "rw", "nosuid", "nodev", "noexec"}},
			{Destination: confDir, Type: "bind", Source: b.Conf, Options: []string{"bind", "ro", "nosuid", "nodev", "noexec"}},
		},
		Linux: &specs.Linux{
			Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}, {Type: specs.IPCNamespace},
			},
			CgroupsPath: cgroup,
			Resources: &specs.LinuxResources{
				Devices: []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}, // crun adds null, zero, random …
				// Memory and swap together: no swap.
				Memory: &specs.LinuxMemory{Limit: &memory, Swap: &memory},
				Pids:   &specs.LinuxPids{Limit: &tasks},
				CPU:    processor,
			},
			Seccomp: seccomp(),
			MaskedPaths: []string{
				"/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug", "/proc/scsi",
			},
			ReadonlyPaths: []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		},
	}
}

// scratch is a folder that is empty at each start.
func scratch(dir, size string) specs.Mount {
	return specs.Mount{
		Destination: dir, Type: "tmpfs", Source: "tmpfs",
		Options: []string{"nosuid", "nodev", "noexec", "mode=1777", size},
	}
}

// args is the command line: what RabbitMQ's own script would run in the end,
// less what needs a port, a shell or a second daemon.
func (t tree) args(keep int64) []string {
	return []string{
		path.Join(t.runtime, "erlexec"),
		"-noinput", "-s", "rabbit", "boot", "-boot", "start_sasl",
		"-eval", keepPolicy(keep),
		"-eval", enableFlags(flagsFile),
		"+W", "w", // warnings are warnings, as in RabbitMQ's own script
		"+B", "i", // no break handler: nobody sits at this VM
		"+S", "1:1", // a room needs one scheduler; each more costs memory
		"+JMsingle", "true", // compiled code is in memory once
		"+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none", // idle means idle
		"-os_mon", "start_disksup", "false", "-os_mon", "start_memsup", "false", "-os_mon", "start_cpu_sup", "false",
		// RabbitMQ does not boot without a node name, and a node name wants
		// epmd and a port to listen on, unless told so. Nobody can talk to the
		// node; the cookie for that is given here because a file of it, torn
		// by a power cut, would keep RabbitMQ from starting.
		"-sname", nodeName, "-start_epmd", "false", "-erl_epmd_port", "25672", "-dist_listen", "false",
		"-setcookie", "none",
		"-syslog", "logger", "[]", "-syslog", "syslog_error_logger", "false",
		"-kernel", "prevent_overlapping_partitions", "false",
	}
}

// env is the whole environment.
func (t tree) env() []string {
	const none = "/none" // does not exist
	return []string{
		"PATH=/usr/bin:/bin", // for df, which watches the disk
		"LANG=C.UTF-8",
		"HOME=" + dataDir,
		"ROOTDIR=" + erlangDir,
		"BINDIR=" + t.runtime,
		"EMU=beam",
		"PROGNAME=erl",
		"ERL_LIBS=" + path.Join(t.rabbit, "plugins"),
		"ERL_MAX_PORTS=1024", // the default makes a table for 65536
		"ERL_CRASH_DUMP_SECONDS=0",
		"RABBITMQ_HOME=" + t.rabbit,
		"RABBITMQ_NODENAME=" + nodeName,
		"RABBITMQ_CONF_ENV_FILE=" + none,
		"RABBITMQ_CONFIG_FILE=" + path.Join(confDir, ConfName),
		"RABBITMQ_ADVANCED_CONFIG_FILE=" + none,
		"RABBITMQ_GENERATED_CONFIG_DIR=/tmp/config",
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + none,
		"RABBITMQ_PLUGINS_DIR=" + path.Join(t.rabbit, "plugins"),
		"RABBITMQ_MNESIA_BASE=" + path.Join(dataDir, "mnesia"),
		"RABBITMQ_LOG_BASE=/tmp",
		"RABBITMQ_LOGS=-",
	}
}
