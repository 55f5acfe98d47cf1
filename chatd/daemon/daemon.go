// Package daemon is how Warren's daemons begin: flags that can be given as
// environment variables, help, a version, a log.
package daemon

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/peterbourgon/ff/v3"
	"golang.org/x/term"
)

// Exit codes: as asked; it failed; it was called in a wrong way.
const (
	ExitOK    = 0
	ExitError = 1
	ExitUsage = 2
)

// Main is the main function of a daemon: it calls run with a context that ends
// when the daemon is asked to end (SIGINT, SIGTERM), and exits with run's code.
func Main(run func(ctx context.Context, args []string, stdout, stderr *os.File) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Forever runs what serves until ctx ends, says and logs how that ended, and returns the
// exit code of a daemon of the card. It is never ExitOK, which gokrazy takes for
// work that is done and does not start again: not even when the daemon was asked
// to end, since whoever presses "restart" asks in the same way. When the whole
// system ends nobody looks at it.
func (f *Flags) Forever(ctx context.Context, name string, log *slog.Logger, serve func(context.Context) error) int {
	err := serve(ctx)
	f.Ended(err)
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Error(name+" ends", "error", err)
	} else {
		log.Info(name + " has ended")
	}
	return ExitError
}

// envPrefix begins the name of each flag's environment variable.
const envPrefix = "WARREN"

// Flags are a daemon's flags, with those that every daemon has: -config,
// -log-level and -version. Define the others on it, then call Parse.
type Flags struct {
	*flag.FlagSet
	about   string
	level   *string
	version *bool

	stateDir *string    // see TellIn; nil: the daemon says nowhere how it is
	state    *stateFile // nil: nowhere
}

// NewFlags returns the flags of the daemon of that name. about is what -h says
// first.
func NewFlags(name, about string) *Flags {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // Parse says what is wrong
	fs.String("config", "", "a `FILE` of flags, {\"NAME\": \"VALUE\", …} in JSON, for those given nowhere else")
	return &Flags{
		FlagSet: fs,
		about:   about,
		level:   fs.String("log-level", "info", "the least `LEVEL` that is logged: debug, info, warn or error"),
		version: fs.Bool("version", false, "print the version and end"),
	}
}

// Parse reads the flags in args; for what is not there, the environment; and for
// what is not there either, the file that -config names.
// Then check has a look at the values; it names the flag that is wrong and says
// what would be right. If the daemon shall not run, because something is wrong
// or because it was asked for help or its version, Parse has said so and
// returns false and the exit code. Before it returns true, the daemon has said that it
// starts: see TellIn.
func (f *Flags) Parse(args []string, stdout, stderr io.Writer, check func() error) (exit int, run bool) {
	err := ff.Parse(f.FlagSet, args, ff.WithEnvVarPrefix(envPrefix), ff.WithConfigFileFlag("config"), ff.WithConfigFileParser(ff.JSONParser))
	switch {
	case errors.Is(err, flag.ErrHelp):
		f.help(stdout)
		return ExitOK, false
	case err == nil && *f.version:
		fmt.Fprintln(stdout, f.Name(), Version())
		return ExitOK, false
	case err == nil && f.NArg() > 0:
		err = fmt.Errorf("%.50q is not a flag: flags begin with -", f.Arg(0))
	}
	if err == nil {
		if _, levelErr := f.Level(); levelErr != nil {
			err = levelErr
		} else {
			err = check()
		}
	}
	if err != nil {
		f.refused(err)
		fmt.Fprintf(stderr, "%s: %v\n%s -h explains the flags.\n", f.Name(), err, f.Name())
		return ExitUsage, false
	}
	if f.state = f.openState(); f.state != nil {
		f.state.begin()
	}
	return ExitOK, true
}

// Level returns the log level.
func (f *Flags) Level() (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(*f.level)); err != nil {
		return l, fmt.Errorf("-log-level is %.50q: it must be debug, info, warn or error", *f.level)
	}
	return l, nil
}

// Logger returns the daemon's log, which writes lines to w.
func (f *Flags) Logger(w io.Writer) *slog.Logger {
	level, _ := f.Level() // Parse has checked it
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// EnvName returns the name of a flag's environment variable.
func EnvName(flag string) string {
	return envPrefix + "_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// helpWidth is how wide the help is: what a terminal always has.
const helpWidth = 80

// help explains each flag with its variable and its default.
func (f *Flags) help(w io.Writer) {
	fmt.Fprintf(w, "%s\n\nEach flag can be given as an environment variable instead.\n", strings.TrimSpace(f.about))
	f.VisitAll(func(fl *flag.Flag) {
		value, usage := flag.UnquoteUsage(fl)
		if fl.DefValue != "" && fl.DefValue != "false" {
			usage += " (default " + fl.DefValue + ")"
		}
		fmt.Fprintf(w, "\n  -%s\n", strings.TrimSpace(fmt.Sprintf("%s %-*s %s", fl.Name, 40-len(fl.Name), value, EnvName(fl.Name))))
		line := "   "
		for _, word := range strings.Fields(usage) {
			if len(line)+1+len(word) > helpWidth {
				fmt.Fprintln(w, line)
				line = "   "
			}
			line += " " + word
		}
		fmt.Fprintln(w, line)
	})
}

// Version returns what is known of this build: that of the release, such as
// v0.2.0, or the commit, if the binary was built with -ldflags "-X
// warren/chatd/daemon.version=…", and the Go version.
func Version() string { return version + " " + runtime.Version() }

// version is set by the linker.
var version = "development"

// IsTerminal reports whether f is a terminal that can show colours.
func IsTerminal(f *os.File) bool {
	kind := os.Getenv("TERM")
	return term.IsTerminal(int(f.Fd())) && kind != "" && kind != "dumb"
}
