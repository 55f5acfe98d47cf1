package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// install is where a machine keeps its RabbitMQ.
type install struct {
	erlang  string // root of Erlang: /usr/lib/erlang
	runtime string // the newest runtime in it: …/erts-13.1.5/bin
	rabbit  string // home of RabbitMQ: …/rabbitmq_server-3.10.8
}

// errNotInstalled says what a person has to do.
var errNotInstalled = errors.New("no RabbitMQ on this machine: install it with `apt-get install rabbitmq-server`")

// find looks for the files of Debian's packages below root, which is "/" except
// in tests. It looks for files rather than running rabbitmq-server: that script
// insists on being root or the user rabbitmq.
func find(root string) (install, error) {
	in := install{erlang: filepath.Join(root, "usr/lib/erlang")}
	exec, err := newest(in.erlang, "erts-*/bin/erlexec")
	if err != nil {
		return in, err
	}
	in.runtime = filepath.Dir(exec)
	plugins, err := newest(filepath.Join(root, "usr/lib/rabbitmq/lib"), "rabbitmq_server-*/plugins")
	if err != nil {
		return in, err
	}
	in.rabbit = filepath.Dir(plugins)
	return in, nil
}

// newest returns the last match of pattern in dir. A machine has one of each;
// while a package is upgraded there may be two.
func newest(dir, pattern string) (string, error) {
	all, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", fmt.Errorf("%w (there is no %s)", errNotInstalled, filepath.Join(dir, pattern))
	}
	return slices.Max(all), nil
}

// args is the command line of the Erlang VM for a node at p. It is what
// rabbitmq-server's script would run, less what needs a port, a shell or a
// second daemon.
func (in install) args(p place) []string {
	return append([]string{
		"-noinput", "-s", "rabbit", "boot", "-boot", "start_sasl",
		"+W", "w", // warnings are warnings, as in RabbitMQ's own script
		"+B", "i", // no break handler: nobody sits at this VM
		"+S", "1:1", // a room needs one scheduler; each more costs memory
		"+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none", // idle means idle
		"-os_mon", "start_disksup", "false", "-os_mon", "start_memsup", "false", "-os_mon", "start_cpu_sup", "false",
		"-syslog", "logger", "[]", "-syslog", "syslog_error_logger", "false",
		"-kernel", "prevent_overlapping_partitions", "false",
	}, p.args()...)
}

// env is the environment of the Erlang VM for a node at p with data in dir.
// Nothing of the caller's environment or of /etc/rabbitmq gets in.
func (in install) env(dir string, p place) []string {
	none := filepath.Join(dir, "none") // does not exist
	return []string{
		"PATH=" + os.Getenv("PATH"), // for df, which watches the disk
		"LANG=C.UTF-8",
		"HOME=" + p.secrets, // where Erlang keeps its cookie
		"ROOTDIR=" + in.erlang,
		"BINDIR=" + in.runtime,
		// RabbitMQ looks for epmd each minute, and starts an erl of its own to
		// have one: that one shall not start it either.
		"ERL_AFLAGS=-start_epmd false",
		"EMU=beam",
		"PROGNAME=erl",
		"ERL_LIBS=" + filepath.Join(dir, applicationsName),
		"ERL_MAX_PORTS=1024", // connections and files; the default makes a table for 65536
		"ERL_CRASH_DUMP_SECONDS=0",
		"RABBITMQ_HOME=" + in.rabbit,
		"RABBITMQ_NODENAME=" + p.name,
		"RABBITMQ_USE_LONGNAME=" + strconv.FormatBool(p.clustered()),
		"RABBITMQ_CONF_ENV_FILE=" + none,
		"RABBITMQ_CONFIG_FILE=" + filepath.Join(dir, configName),
		"RABBITMQ_ADVANCED_CONFIG_FILE=" + none,
		"RABBITMQ_GENERATED_CONFIG_DIR=" + filepath.Join(dir, "config"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(dir, pluginsName),
		"RABBITMQ_PLUGINS_DIR=" + filepath.Join(dir, applicationsName),
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(dir, "data"),
		"RABBITMQ_LOG_BASE=" + dir,
		"RABBITMQ_LOGS=-",
	}
}
