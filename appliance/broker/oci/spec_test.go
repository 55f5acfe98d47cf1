package oci

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

var update = flag.Bool("update", false, "write the golden file anew")

// root returns a root with the files that are looked for.
func root(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, path := range []string{"usr/lib/erlang/erts-15.2.7/bin", "usr/lib/rabbitmq/lib/rabbitmq_server-4.0.5/plugins"} {
		if err := os.MkdirAll(filepath.Join(dir, path), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "usr/lib/erlang/erts-15.2.7/bin/erlexec"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func config(t *testing.T) ([]byte, specs.Spec) {
	t.Helper()
	dir := root(t)
	js, err := Bundle{Root: dir, Data: "/perm/rabbitmq", Conf: "/run/warren/broker/etc", Keep: 64 << 20, Processor: "3"}.ConfigJSON()
	if err != nil {
		t.Fatal(err)
	}
	js = []byte(strings.ReplaceAll(string(js), dir, "/run/warren/broker/img/rootfs"))
	var spec specs.Spec
	if err := json.Unmarshal(js, &spec); err != nil {
		t.Fatal(err)
	}
	return js, spec
}

func TestGolden(t *testing.T) {
	js, _ := config(t)
	const golden = "testdata/config.json"
	if *update {
		if err := os.WriteFile(golden, js, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(js) != string(want) {
		t.Errorf("config.json is not %s: if that is meant, go test -update ./appliance/broker/oci, and read the difference", golden)
	}
}

// TestLocks asserts each lock by itself, so that a golden file written anew
// cannot lose one unseen.
func TestLocks(t *testing.T) {
	_, spec := config(t)
	p, l := spec.Process, spec.Linux
	caps := p.Capabilities
	for name, ok := range map[string]bool{
		"read-only root": spec.Root.Readonly,
		"own user":       p.User.UID == 999 && p.User.GID == 999 && p.User.AdditionalGids == nil,
		"no capability":  caps != nil && len(caps.Bounding)+len(caps.Effective)+len(caps.Inheritable)+len(caps.Permitted)+len(caps.Ambient) == 0,
		"nothing gained": p.NoNewPrivileges,
		"no terminal":    !p.Terminal,
		"memory":         *l.Resources.Memory.Limit == 300<<20 && *l.Resources.Memory.Swap == 300<<20,
		"tasks":          *l.Resources.Pids.Limit == 128,
		"no devices":     len(l.Resources.Devices) == 1 && !l.Resources.Devices[0].Allow && l.Resources.Devices[0].Type == "" && len(l.Devices) == 0,
		"seccomp":        l.Seccomp != nil && l.Seccomp.DefaultAction == specs.ActErrno,
		"cgroup":         l.CgroupsPath == "/warren/rabbitmq",
		"no shell":       filepath.Base(p.Args[0]) == "erlexec",
		"no core":        slices.Contains(p.Rlimits, specs.POSIXRlimit{Type: "RLIMIT_CORE"}),
		"no hooks":       spec.Hooks == nil,
		"paths as found": p.Args[0] == "/usr/lib/erlang/erts-15.2.7/bin/erlexec" && slices.Contains(p.Env, "RABBITMQ_HOME=/usr/lib/rabbitmq/lib/rabbitmq_server-4.0.5"),
		"no cookie file": slices.Contains(p.Args, "-setcookie"),
	} {
		if !ok {
			t.Errorf("%s: not so", name)
		}
	}
	line := strings.Join(p.Args, " ")
	for _, want := range []string{"-start_epmd false", "-dist_listen false", "+S 1:1", "+JMsingle true", "-sname rabbit@localhost"} {
		if !strings.Contains(line, want) {
			t.Errorf("the command line lacks %q", want)
		}
	}
	var kinds []string
	for _, n := range l.Namespaces {
		kinds = append(kinds, string(n.Type))
		if n.Path != "" {
			t.Errorf("namespace %s is another's", n.Type)
		}
	}
	if strings.Join(kinds, " ") != "pid mount ipc" {
		t.Errorf("namespaces are %v", kinds)
	}
}

// TestWritable lists what can be written to: data without programs, and two
// small tmpfs.
func TestWritable(t *testing.T) {
	_, spec := config(t)
	for _, m := range spec.Mounts {
		if !slices.Contains(m.Options, "nosuid") {
			t.Errorf("%s is not nosuid", m.Destination)
		}
		switch {
		case m.Destination == "/proc":
		case m.Type == "bind" && slices.Contains(m.Options, "ro") && m.Destination == "/etc/rabbitmq":
		case m.Type == "bind" && m.Destination == "/var/lib/rabbitmq" && slices.Contains(m.Options, "noexec"):
		case m.Type == "tmpfs" && slices.ContainsFunc(m.Options, func(o string) bool { return strings.HasPrefix(o, "size=") }):
		default:
			t.Errorf("%s: %+v", m.Destination, m)
		}
	}
}

func TestForbiddenCalls(t *testing.T) {
	names := seccomp().Syscalls[0].Names
	if !slices.IsSorted(names) || len(names) < 100 {
		t.Errorf("%d names", len(names))
	}
	for _, name := range strings.Fields(`mount umount2 pivot_root chroot unshare setns ptrace process_vm_readv process_vm_writev bpf
		init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff perf_event_open userfaultfd
		io_uring_setup io_uring_enter keyctl add_key request_key open_by_handle_at mknod mknodat settimeofday clock_settime
		clone clone3 adjtimex setuid setgid setreuid setresuid setgroups capset acct syslog personality quotactl fanotify_init`) {
		if slices.Contains(names, name) {
			t.Errorf("%s is allowed", name)
		}
	}
	clone := seccomp().Syscalls[1]
	if len(clone.Args) != 1 || clone.Args[0].Op != specs.OpMaskedEqual || clone.Args[0].Value != 0x7e020000 || clone.Args[0].ValueTwo != 0 {
		t.Errorf("clone is allowed with %+v", clone.Args)
	}
}

func TestNoRabbitMQ(t *testing.T) {
	if _, err := (Bundle{Root: t.TempDir()}).ConfigJSON(); !errors.Is(err, errNoRabbitMQ) || !strings.Contains(err.Error(), "build the image again") {
		t.Errorf("an empty root: %v", err)
	}
}
