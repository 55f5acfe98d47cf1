package debian

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// world is an archive in which libc6 and libc-bin come from the source glibc, and
// crun from its own; a lock that pins what it has; and a request with an empty
// cache.
type world struct {
	*archive
	lock    Lock
	request Request
}

func newWorld(t *testing.T) *world {
	if testing.Short() {
		t.Skip("-short leaves out archives that are signed with gpg")
	}
	// Of the machine's apt, the tests take nothing: it may be told not to look at
	// the date, or to try three times.
	conf := filepath.Join(t.TempDir(), "apt.conf")
	write(t, conf, `Dir::Etc::parts "/dev/null"; Dir::Etc::main "/dev/null"; Acquire::Retries "0";`)
	t.Setenv("APT_CONFIG", conf)
	t.Setenv("SOURCE_DATE_EPOCH", "1000000000") // dpkg-deb makes the same of the same
	w := &world{archive: newArchive(t, newSigner(t))}
	w.lock.Packages = w.add("trixie",
		build{name: "libc6", version: "2.41-1", source: "glibc"},
		build{name: "libc-bin", version: "2.41-1", source: "glibc"},
		build{name: "crun", version: "1:1.21-1"})
	w.publish()
	w.request = w.newRequest()
	return w
}

// newRequest returns one with an empty cache.
func (w *world) newRequest() Request {
	cache := w.t.TempDir()
	return Request{Cache: cache, Apt: filepath.Join(cache, "apt"), Mirror: w.mirror()}
}

// take takes the packages, and checks that they are in the store as they are in
// the archive.
func (w *world) take() Taken {
	w.t.Helper()
	taken, err := Take(w.t.Context(), w.lock, w.request)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range taken.Packages {
		if sum, err := SHA256File(taken.Store.path(p)); err != nil || sum != p.SHA256 {
			w.t.Errorf("%s is in the store as %s, %v", p, sum, err)
		}
	}
	return taken
}

// refused takes the packages, and checks that it is refused with these words.
func (w *world) refused(words ...string) {
	w.t.Helper()
	taken, err := Take(w.t.Context(), w.lock, w.request)
	if err == nil {
		w.t.Fatalf("it is taken: %+v", taken)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			w.t.Errorf("the error does not say %q: %v", word, err)
		}
	}
}

// says checks the lines about what differs from the lock.
func says(t *testing.T, taken Taken, want ...string) {
	t.Helper()
	var got []string
	for _, d := range taken.Differences {
		got = append(got, d.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("it says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestThePinnedVersionIsThere(t *testing.T) {
	w := newWorld(t)
	w.add("trixie-updates", build{name: "crun", version: "1:1.22-1"}) // newer, and no security update
	w.publish()
	taken := w.take()
	says(t, taken)
	if !slices.Equal(taken.Packages, w.lock.Packages) || taken.Fetched != 3 {
		t.Errorf("%+v", taken)
	}
}

// A source's packages are taken together: libc-bin's pinned version is still
// there, and of no use without its libc6.
func TestOnlyANewerVersionIsThere(t *testing.T) {
	w := newWorld(t)
	newer := w.add("trixie",
		build{name: "libc6", version: "2.41-2", source: "glibc (2.41-2)"},
		build{name: "libc-bin", version: "2.41-2", source: "glibc"})
	w.lose(w.lock.Packages[0])
	w.publish()
	taken := w.take()
	says(t, taken, "libc6 2.41-2, not 2.41-1: the archive no longer has that version",
		"libc-bin 2.41-2, not 2.41-1: it is built together with libc6")
	if want := append(newer, w.lock.Packages[2]); !slices.Equal(taken.Packages, want) {
		t.Errorf("%v, want %v", taken.Packages, want)
	}
}

func TestASecurityUpdateIsTaken(t *testing.T) {
	w := newWorld(t)
	w.add("trixie-security", build{name: "crun", version: "1:1.21-1+deb13u1"})
	w.publish()
	says(t, w.take(), "crun 1:1.21-1+deb13u1, not 1:1.21-1: a security update")
	// What is in the cache already does not hold it back.
	w.add("trixie-security", build{name: "crun", version: "1:1.21-1+deb13u2"})
	w.publish()
	says(t, w.take(), "crun 1:1.21-1+deb13u2, not 1:1.21-1: a security update")
}

// A lock that was written after a point release may be ahead of the security
// archive, which keeps older versions.
func TestAnOlderSecurityUpdateIsNotTaken(t *testing.T) {
	w := newWorld(t)
	w.add("trixie-security", build{name: "crun", version: "1:1.20-1+deb13u9"})
	w.publish()
	says(t, w.take())
}

func TestTheCacheHasWhatTheArchiveHasLost(t *testing.T) {
	w := newWorld(t)
	w.take()
	w.add("trixie", build{name: "crun", version: "1:1.22-1"})
	w.lose(w.lock.Packages[2])
	w.publish()
	taken := w.take()
	says(t, taken)
	if taken.Fetched != 0 {
		t.Errorf("%d fetched", taken.Fetched)
	}
}

func TestTheArchiveCannotBeReached(t *testing.T) {
	w := newWorld(t)
	w.take()
	w.request.Mirror.Main = "http://127.0.0.1:1/debian"
	taken := w.take()
	if !slices.Equal(taken.Packages, w.lock.Packages) || !strings.Contains(taken.Note, "cannot be asked for security updates") {
		t.Errorf("%+v", taken)
	}
	w.request = w.newRequest()
	w.request.Mirror.Main = "http://127.0.0.1:1/debian"
	w.refused("http://127.0.0.1:1/debian does not give Debian trixie")
}

func TestTheSignatureIsWrong(t *testing.T) {
	w := newWorld(t)
	own := w.signer
	w.archive.signer = newSigner(t)
	w.publish()
	w.request.Mirror.Keyring = own.keyring
	w.refused("does not give Debian trixie", "InRelease")

	// The right key, and a list that somebody has changed afterwards.
	w.archive.signer = own
	w.publish()
	name := filepath.Join(w.root("trixie"), "dists/trixie/InRelease")
	signed, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	write(t, name, strings.Replace(string(signed), "Label: Debian", "Label: debian", 1))
	w.refused("does not give Debian trixie", "InRelease")

	// Nothing of such an archive is used; what is in the cache is what the lock has.
	w.publish()
	w.take()
	w.archive.signer = newSigner(t)
	w.add("trixie-security", build{name: "crun", version: "1:1.21-1+evil1"})
	w.publish()
	taken := w.take()
	if !slices.Equal(taken.Packages, w.lock.Packages) || !strings.Contains(taken.Note, "InRelease") {
		t.Errorf("%+v", taken)
	}
}

// A mirror may be behind the lock.
func TestOnlyAnOlderVersionIsThere(t *testing.T) {
	w := newWorld(t)
	crun := w.lock.Packages[2]
	w.add("trixie", build{name: "crun", version: "1:1.20-1"})
	w.lose(crun)
	w.publish()
	says(t, w.take(), "crun 1:1.20-1, not 1:1.21-1: the mirror has only this older version: wait until it is up to date, or name another")
}

func TestTheHashIsWrong(t *testing.T) {
	w := newWorld(t)
	crun := w.lock.Packages[2]
	write(t, filepath.Join(w.root("trixie"), "pool/crun_1%3a1.21-1_arm64.deb"), "another file")
	w.refused("crun")
	// A signed list, and not what the lock has.
	w.lose(crun)
	w.add("trixie", build{name: crun.Name, version: crun.Version, content: "built again"})
	w.publish()
	w.refused("crun 1:1.21-1 is not the file that packages.lock has", "do not use it before you know why")
	w.request.Locked = true
	w.refused("crun 1:1.21-1 is not the file that packages.lock has")
}

func TestThePackageHasGone(t *testing.T) {
	w := newWorld(t)
	w.lose(w.lock.Packages[2])
	w.publish()
	w.refused("no package crun any more", "find out what has replaced it", "-locked")
}

func TestLocked(t *testing.T) {
	w := newWorld(t)
	// The archive of the day of the lock, whose lists are valid no more.
	snapshot := newArchive(t, w.signer)
	snapshot.expired = true
	for _, p := range w.suites["trixie"][:2] {
		snapshot.add("trixie", build{name: p.Name, version: p.Version, source: "glibc"})
	}
	snapshot.publish()
	w.add("trixie-security",
		build{name: "libc6", version: "2.41-2", source: "glibc"},
		build{name: "libc-bin", version: "2.41-2", source: "glibc"})
	w.lose(w.lock.Packages[:2]...)
	w.publish()
	w.request.Locked = true

	w.refused("the mirror does not have libc6 2.41-1, libc-bin 2.41-1", "names no snapshot", "-snapshot")
	w.lock.Snapshot = snapshot.url
	taken := w.take()
	says(t, taken)
	if !slices.Equal(taken.Packages, w.lock.Packages) {
		t.Errorf("%v", taken.Packages)
	}

	// A flag comes before the lock.
	w.request = w.newRequest()
	w.request.Locked = true
	w.request.Snapshot = "http://127.0.0.1:1/debian"
	w.refused("must come from the snapshot", "http://127.0.0.1:1/debian")
	w.request.Snapshot = snapshot.url
	w.lock.Snapshot = "http://127.0.0.1:1/debian"
	w.take()

	// The snapshot's date is not looked at. Its signature is.
	w.request = w.newRequest()
	w.request.Locked = true
	w.request.Snapshot = snapshot.url
	snapshot.signer = newSigner(t)
	snapshot.publish()
	w.refused("must come from the snapshot", "InRelease")
	snapshot.signer = w.signer
	snapshot.lose(snapshot.suites["trixie"][0].Package)
	snapshot.publish()
	w.refused("neither the mirror nor the snapshot", "libc6 2.41-1", "another snapshot")
}

func TestAMirrorWhoseListsAreNoLongerValid(t *testing.T) {
	w := newWorld(t)
	w.expired = true
	w.publish()
	w.refused("does not give Debian trixie", "expired")
}

// The name of a kernel's package has its version in it.
func TestMeta(t *testing.T) {
	w := newWorld(t)
	kernel := w.add("trixie", build{name: "linux-image-6.12.1-arm64", version: "6.12.1-1"})[0]
	w.add("trixie", build{name: "linux-image-arm64", version: "6.12.1-1", depends: "linux-image-6.12.1-arm64 (= 6.12.1-1)"})
	w.publish()
	kernel.Meta = "linux-image-arm64"
	w.lock.Packages = append(w.lock.Packages, kernel)
	says(t, w.take())

	w.request = w.newRequest()
	w.add("trixie-security", build{name: "linux-image-6.12.2-arm64", version: "6.12.2-1"})
	w.add("trixie-security", build{name: "linux-image-arm64", version: "6.12.2-1", depends: "linux-image-6.12.2-arm64 (= 6.12.2-1)"})
	w.publish()
	taken := w.take()
	says(t, taken, "linux-image-6.12.2-arm64 6.12.2-1, not linux-image-6.12.1-arm64 6.12.1-1: a security update")
	if got := taken.Packages[3]; got.Name != "linux-image-6.12.2-arm64" || got.Meta != kernel.Meta {
		t.Errorf("%+v", got)
	}
}

func TestNewest(t *testing.T) {
	w := newWorld(t)
	apt, err := w.request.OpenApt(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.lock.Snapshot = "http://then.example/debian"
	same, differences, err := w.lock.Newest(t.Context(), apt, "http://now.example/debian")
	if err != nil || differences != nil || same.Snapshot != w.lock.Snapshot {
		t.Errorf("%+v, %v, %v", same, differences, err)
	}
	w.add("trixie-updates", build{name: "crun", version: "1:1.22-1"})
	w.publish()
	if apt, err = w.request.OpenApt(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.lock.Packages[0] = Package{Name: "libc6"} // new in the lock
	newest, differences, err := w.lock.Newest(t.Context(), apt, "http://now.example/debian")
	if err != nil || len(differences) != 2 || newest.Snapshot != "http://now.example/debian" {
		t.Errorf("%+v, %v, %v", newest, differences, err)
	}
	if newest.Unpinned() != nil || newest.Packages[2].Version != "1:1.22-1" {
		t.Errorf("%v", newest.Packages)
	}
	w.lock = newest
	w.request = w.newRequest()
	says(t, w.take())
	w.lock.Packages = append(w.lock.Packages, Package{Name: "unheard-of"})
	if _, _, err := w.lock.Newest(t.Context(), apt, ""); err == nil || !strings.Contains(err.Error(), "no package unheard-of") {
		t.Error(err)
	}
	w.refused("no version for unheard-of", "-update-lock")
}
