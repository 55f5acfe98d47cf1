package radio

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fakeKernel notes what is loaded and unloaded. It refuses as it is told: no
// kernel of a machine that runs tests has this driver.
type fakeKernel struct {
	said   []string
	refuse map[string]error // by what would be noted
	before func()           // each time
}

func (k *fakeKernel) load(image []byte, parameters string) error {
	return k.note(strings.TrimSpace("load " + string(image) + " " + parameters))
}

func (k *fakeKernel) unload(name string) error { return k.note("unload " + name) }

func (k *fakeKernel) write(path, text string) error { return k.note(filepath.Base(path) + " " + text) }

func (k *fakeKernel) note(what string) error {
	if k.before != nil {
		k.before()
	}
	k.said = append(k.said, what)
	return k.refuse[what]
}

// newDriver returns the Pi's driver with files that have their names in them,
// and a bus with a radio of two functions.
func newDriver(t *testing.T) (*Driver, *fakeKernel) {
	t.Helper()
	d, err := PiDriver()
	if err != nil {
		t.Fatal(err)
	}
	k := &fakeKernel{refuse: map[string]error{}}
	d.Dir, d.Bus, d.kernel = t.TempDir(), t.TempDir(), k
	for _, m := range d.Modules {
		put(t, filepath.Join(d.Dir, m.File), m.name())
	}
	for _, device := range []string{"mmc1:0001:1", "mmc1:0001:2"} {
		if err := os.Symlink("/nowhere", filepath.Join(d.Bus, device)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/nowhere", filepath.Join(d.Bus, "module")); err != nil {
		t.Fatal(err)
	}
	return d, k
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var (
	loads   = []string{"load brcmutil", "load brcmfmac roamoff=1 feature_disable=0x282000", "load brcmfmac_wcc", "load brcmfmac_cyw"}
	rebinds = []string{"unbind mmc1:0001:2", "unbind mmc1:0001:1", "bind mmc1:0001:1", "bind mmc1:0001:2"}
	outs    = []string{"unload brcmfmac_cyw", "unload brcmfmac_wcc", "unload brcmfmac", "unload brcmutil"}
)

// TestLoadOrder: the driver's modules come in their order, and the kernel gets
// the first when the last is read: from then on there is no card to wait for.
func TestLoadOrder(t *testing.T) {
	d, k := newDriver(t)
	k.before = func() { os.RemoveAll(d.Dir) } // whoever reads now, reads nothing
	k.refuse["load brcmutil"] = unix.EEXIST   // it is there already
	if err := d.Load(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(k.said, loads) {
		t.Errorf("the kernel gets %q", k.said)
	}
}

// TestLoadWithout: no modules are no error, a broken one is, with its name, and
// one that cannot be read keeps the others from being loaded.
func TestLoadWithout(t *testing.T) {
	d, k := newDriver(t)
	whole := d.Dir
	d.Dir = t.TempDir()
	if err := d.Load(); err != nil || len(k.said) > 0 {
		t.Errorf("without modules: %v, %q", err, k.said)
	}
	d.Dir, d.kernel = whole, nil
	if err := d.Load(); err == nil || !strings.Contains(err.Error(), "brcmutil.ko") {
		t.Errorf("no module at all, and the kernel that runs: %v", err)
	}
	d.kernel = k
	last := filepath.Join(d.Dir, d.Modules[3].File)
	os.Remove(last)
	if err := os.Mkdir(last, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := d.Load(); err == nil || !strings.Contains(err.Error(), "brcmfmac-cyw.ko") || len(k.said) > 0 {
		t.Errorf("one cannot be read: %v, and the kernel got %q", err, k.said)
	}
}

func TestReload(t *testing.T) {
	d, k := newDriver(t)
	k.before = func() { os.RemoveAll(d.Dir) }
	how, err := d.Reload(t.Context())
	if err != nil || !strings.Contains(how, "unloaded and loaded") {
		t.Errorf("%q, %v", how, err)
	}
	if !slices.Equal(k.said, append(slices.Clone(outs), loads...)) {
		t.Errorf("the kernel is told %q", k.said)
	}
}

// TestReloadAfterFailure: a driver of which nothing is loaded, because that has
// failed before, is loaded.
func TestReloadAfterFailure(t *testing.T) {
	d, k := newDriver(t)
	k.refuse[loads[1]] = unix.ENOMEM
	if _, err := d.Reload(t.Context()); !errors.Is(err, unix.ENOMEM) || !strings.Contains(err.Error(), "brcmfmac.ko") {
		t.Errorf("brcmfmac cannot be loaded: %v", err)
	}
	delete(k.refuse, loads[1])
	for _, out := range outs {
		k.refuse[out] = unix.ENOENT
	}
	k.said = nil
	if _, err := d.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	if !slices.Equal(k.said[len(k.said)-len(loads):], loads) {
		t.Errorf("the kernel is told %q", k.said)
	}
}

// TestReloadRefused: where a module is in use, the radio is taken from it and
// given back, and modules that went before are there again.
func TestReloadRefused(t *testing.T) {
	d, k := newDriver(t)
	k.refuse["unload brcmfmac"] = unix.EBUSY
	k.refuse[loads[0]], k.refuse[loads[1]] = unix.EEXIST, unix.EEXIST
	how, err := d.Reload(t.Context())
	if err != nil || !strings.Contains(how, "given to it again") || !strings.Contains(how, "brcmfmac") {
		t.Errorf("%q, %v", how, err)
	}
	want := append(slices.Clone(outs[:3]), loads...)
	if want = append(want, rebinds...); !slices.Equal(k.said, want) {
		t.Errorf("the kernel is told %q, want %q", k.said, want)
	}
	// What a module has let go of when it went is not bound any more.
	k.said = nil
	k.refuse["unbind mmc1:0001:1"], k.refuse["unbind mmc1:0001:2"] = unix.ENODEV, unix.ENODEV
	if _, err := d.Reload(t.Context()); err != nil || !slices.Equal(k.said, want) {
		t.Errorf("%v; the kernel is told %q, want %q", err, k.said, want)
	}
}

// TestReloadHopeless: where nothing can be done it is said why.
func TestReloadHopeless(t *testing.T) {
	d, k := newDriver(t)
	k.refuse["unload brcmfmac_cyw"], k.refuse["bind mmc1:0001:2"] = unix.EPERM, unix.EIO
	if _, err := d.Reload(t.Context()); !errors.Is(err, unix.EPERM) || !errors.Is(err, unix.EIO) {
		t.Errorf("unloading is refused and binding fails: %v", err)
	}
	// Even then it is tried again, with what it drove.
	for _, device := range []string{"mmc1:0001:1", "mmc1:0001:2"} {
		os.Remove(filepath.Join(d.Bus, device))
	}
	delete(k.refuse, "bind mmc1:0001:2")
	if _, err := d.Reload(t.Context()); err != nil {
		t.Errorf("what was bound in vain is not bound again: %v", err)
	}
	d, k = newDriver(t)
	k.refuse["unload brcmfmac_cyw"] = unix.EPERM
	d.Bus = ""
	if _, err := d.Reload(t.Context()); !errors.Is(err, unix.EPERM) {
		t.Errorf("without a bus: %v", err)
	}
	d.Dir = t.TempDir()
	if _, err := d.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "built into the kernel") {
		t.Errorf("without modules: %v", err)
	}
}

// TestReloadHangs: a kernel that waits for a device holds nobody up, and is not
// asked twice.
func TestReloadHangs(t *testing.T) {
	d, k := newDriver(t)
	free := make(chan struct{})
	k.before = func() { <-free }
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := d.Reload(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it hangs: %v", err)
	}
	if _, err := d.Reload(t.Context()); !errors.Is(err, errPending) {
		t.Errorf("it hangs still: %v", err)
	}
	close(free)
	for deadline := time.Now().Add(time.Minute); ; {
		_, err := d.Reload(t.Context())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
