package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// options are what the flags say.
type options struct {
	out        string
	cache      string
	mirror     string
	locked     bool
	snapshot   string
	firmware   string
	release    string
	updateLock bool
	dev        bool
}

const about = `image builds the card: a file to be flashed, from which a Raspberry Pi starts
into the chat.

    go run ./appliance/image -o build/warren.img

It takes Debian's packages from the mirror that this machine uses, and all else
from the module's sources. appliance/image/packages.lock has the versions that were
tested last. Where the archive has security updates, or has lost a version, the
image gets newer ones, and a line says so for each; -locked insists on the lock.
Beside the image it leaves its root file system, for updates, a bill of materials,
and checksums. It needs no root and changes nothing outside of -o and -cache.

`

func parse(args []string, stderr io.Writer) (*options, error) {
	var o options
	f := flag.NewFlagSet("image", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprint(stderr, about)
		f.PrintDefaults()
	}
	f.StringVar(&o.out, "o", "build/warren.img", "write the image to `FILE`")
	f.StringVar(&o.cache, "cache", "build/cache", "keep what later builds can use again in `DIR`")
	f.StringVar(&o.mirror, "mirror", "", "`URL` of a mirror of Debian, such as http://mirror.example/debian, with the security archive at debian-security beside it; empty: that of this machine's apt")
	f.BoolVar(&o.locked, "locked", false, "take each package exactly as packages.lock has it, from the snapshot if the mirror has lost it")
	f.StringVar(&o.snapshot, "snapshot", "", "with -locked, the `URL` of the archive of an earlier day; empty: the one that packages.lock names")
	f.BoolVar(&o.updateLock, "update-lock", false, "take the mirror's versions into packages.lock, and build nothing")
	f.StringVar(&o.firmware, "firmware", defaultFirmware, "a `DIR` with files for radios that Debian has none for, and their licence; that of this name may be missing")
	f.StringVar(&o.release, "release", "", "the `VERSION` that the programs say they are, such as v0.2.0; empty: the commit")
	f.BoolVar(&o.dev, "dev", false, "an image for developers: with a shell on the serial console")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is too much: there are only flags", f.Arg(0))
	}
	if o.out == "" || o.cache == "" {
		return nil, errors.New("-o and -cache must name something")
	}
	if o.snapshot != "" && !o.locked {
		return nil, errors.New("-snapshot is for -locked: without it the image gets the security updates of today")
	}
	return &o, nil
}
