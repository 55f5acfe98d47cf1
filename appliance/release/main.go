// Release makes the files of a release, and checks them as whoever downloads them
// would: see the text of its -h, and docs/release.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const about = `release makes the files of a release from a clean checkout:

    release -version v0.2.0 -o build/release

The secret key that signs is minisign's (minisign -G makes one): its text in
MINISIGN_KEY, or its file in MINISIGN_KEY_FILE; its password, if it has one, in
MINISIGN_PASSWORD.

    release -verify -o build/release -key warren.pub

checks the files of a release as whoever downloads them would.

`

// options are what the flags say.
type options struct {
	version string
	dir     string
	url     string
	website string
	verify  bool
	key     string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run is the program: it returns its exit code.
func run(ctx context.Context, args []string) int {
	o, err := parse(args, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		return 2
	}
	if o.verify {
		err = verify(ctx, o.dir, o.key, os.Stdout)
	} else {
		err = release(ctx, o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (*options, error) {
	var o options
	f := flag.NewFlagSet("release", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprint(stderr, about)
		f.PrintDefaults()
	}
	f.StringVar(&o.version, "version", "", "the `VERSION`, such as v0.2.0; CHANGELOG.md must have it")
	f.StringVar(&o.dir, "o", "build/release", "the `FOLDER` of the files")
	f.StringVar(&o.url, "url", "", "the `URL` of the folder that the files will be downloaded from; empty: -o itself, to try the manifest on this machine")
	f.StringVar(&o.website, "website", "", "the `URL` of a page about Warren, for Raspberry Pi Imager; empty: none")
	f.BoolVar(&o.verify, "verify", false, "check the files, and make none")
	f.StringVar(&o.key, "key", "", "with -verify, the public key: minisign's `FILE`, or its text; empty: the release's own, which proves that the files belong together, and not whose they are")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is too much: there are only flags", f.Arg(0))
	}
	if !o.verify {
		return &o, checkVersion(o.version)
	}
	return &o, nil
}
