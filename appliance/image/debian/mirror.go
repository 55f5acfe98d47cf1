package debian

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"warren/appliance/image/tool"
)

// Keyring is where the machine keeps the keys of Debian's archive.
const Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// Mirror is where Debian's archive is: two of its parts have places of their
// own.
type Mirror struct {
	Main     string // URL of the archive
	Security string // URL of the security archive
	Keyring  string // file with the keys that sign both; "": Keyring
	Arch     string // architecture of the packages; "": Architecture

	// Dated says that this is the archive of an earlier day: the date until
	// which its lists are valid has passed, and is not looked at. Their
	// signatures are.
	Dated bool
}

// MirrorAt returns the mirror with the archive at url. The security archive has
// the same address with debian-security in place of debian, as mirrors and
// snapshots have it; or, where url has no such part, with -security behind it.
func MirrorAt(url string) Mirror {
	url = strings.TrimSuffix(url, "/")
	security := url + "-security"
	if at := strings.LastIndex(url+"/", "/debian/"); at >= 0 {
		end := at + len("/debian")
		security = url[:end] + "-security" + url[end:]
	}
	return Mirror{Main: url, Security: security}
}

// SnapshotAt returns the archive of an earlier day, which is at url.
func SnapshotAt(url string) Mirror {
	m := MirrorAt(url)
	m.Dated = true
	return m
}

// SnapshotOf returns where the archive as it is at a time will be found later:
// Debian keeps all that it ever had (snapshot.debian.org, "Usage"). A URL leads to
// the last import before its time. Imports are some six hours apart, so it names a
// time that is twice as much later: all that is there now is in that one.
func SnapshotOf(at time.Time) string {
	return "https://snapshot.debian.org/archive/debian/" + at.UTC().Add(12*time.Hour).Format("20060102T150405Z")
}

// MachineMirror returns the mirror that this machine itself takes its packages
// from.
func MachineMirror(ctx context.Context) (Mirror, error) {
	const format = "$(ORIGIN)\t$(LABEL)\t$(REPO_URI)"
	targets, err := tool.Run(ctx, "apt-get", "indextargets", "--format", format, "Created-By: Packages")
	if err != nil {
		return Mirror{}, err
	}
	return mirrorOf(targets)
}

// mirrorOf finds the mirror in what apt says of the machine's sources.
func mirrorOf(targets string) (Mirror, error) {
	var m Mirror
	for line := range strings.Lines(targets) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 3 || fields[0] != "Debian" {
			continue
		}
		switch uri := strings.TrimSuffix(fields[2], "/"); fields[1] {
		case "Debian":
			m.Main = uri
		case "Debian-Security":
			m.Security = uri
		}
	}
	if m.Main == "" {
		return m, errors.New("apt on this machine knows no mirror of Debian: if it is Debian, run `sudo apt-get update`; else name one with -mirror URL")
	}
	if m.Security == "" {
		m.Security = MirrorAt(m.Main).Security
	}
	return m, nil
}

// sourcesList returns the mirror in the words of sources.list(5).
func (m Mirror) sourcesList() string {
	var b strings.Builder
	for _, source := range []struct{ uri, suite string }{
		{m.Main, Suite}, {m.Main, Suite + "-updates"}, {m.Security, Suite + securitySuffix},
	} {
		fmt.Fprintf(&b, "deb [signed-by=%s] %s %s main non-free-firmware\n", m.keyring(), source.uri, source.suite)
	}
	return b.String()
}

// securitySuffix is what the name of the suite with security updates ends with.
const securitySuffix = "-security"

func (m Mirror) keyring() string { return cmp.Or(m.Keyring, Keyring) }

func (m Mirror) arch() string { return cmp.Or(m.Arch, Architecture) }

// checkKeyring says how to get the keys.
func (m Mirror) checkKeyring() error {
	if _, err := os.Stat(m.keyring()); err != nil {
		return fmt.Errorf("the keys of Debian's archive are missing (%s): sudo apt-get install debian-archive-keyring", m.keyring())
	}
	return nil
}
