package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"warren/appliance/image/tool"
)

// Keyring is where the machine keeps the keys of Debian's archive.
const Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// Mirror is where Debian's archive is: two of its parts have places of their
// own.
type Mirror struct {
	Main     string // URL of the archive
	Security string // URL of the security archive
}

// MirrorAt returns the mirror with the archive at url, which has the security
// archive beside it, as mirrors have.
func MirrorAt(url string) Mirror {
	url = strings.TrimSuffix(url, "/")
	return Mirror{Main: url, Security: url + "-security"}
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
		{m.Main, Suite}, {m.Main, Suite + "-updates"}, {m.Security, Suite + "-security"},
	} {
		fmt.Fprintf(&b, "deb [signed-by=%s] %s %s main non-free-firmware\n", Keyring, source.uri, source.suite)
	}
	return b.String()
}

// checkKeyring says how to get the keys.
func checkKeyring() error {
	if _, err := os.Stat(Keyring); err != nil {
		return fmt.Errorf("the keys of Debian's archive are missing (%s): sudo apt-get install debian-archive-keyring", Keyring)
	}
	return nil
}
