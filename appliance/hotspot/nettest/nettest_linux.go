// Package nettest makes networks for tests: namespaces of the test's own, with
// cables between them. It takes root.
package nettest

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// Net is a network namespace: interfaces, addresses and a firewall that nobody
// else has. At first it has a loopback. It is gone when the test ends and no
// process is in it any more.
type Net struct{ ns netns.NsHandle }

// New makes a namespace.
func New(t testing.TB) Net {
	t.Helper()
	if os.Getuid() != 0 && testing.Short() {
		t.Skip("a network namespace takes root")
	}
	var n Net
	var err error
	onThread(func() {
		n.ns, err = netns.New()
	})
	if err != nil {
		t.Fatalf("a network namespace takes root: %v", err)
	}
	t.Cleanup(func() { n.ns.Close() })
	n.Up(t, "lo")
	return n
}

// onThread runs f on a thread of its own, which ends with it: whatever f does to
// the thread, nobody else runs there.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

// Do runs f in the namespace. Sockets that f opens and processes that it starts
// are in it for good; goroutines that it starts are not. f must not end the
// test.
func (n Net) Do(t testing.TB, f func()) {
	t.Helper()
	var err error
	onThread(func() {
		if err = netns.Set(n.ns); err == nil {
			f()
		}
	})
	if err != nil {
		t.Fatalf("enter a network namespace: %v", err)
	}
}

// Look returns the path of a program that a test needs.
func Look(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil && testing.Short() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("%v: it must be installed: see the Makefile, deps-test", err)
	}
	return path
}

// Start starts a process in the namespace. It is killed when the test ends,
// with all processes that it has started in turn and that stayed in its group.
func (n Net) Start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	var err error
	n.Do(t, func() { err = cmd.Start() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
}

// Run runs a process in the namespace and returns what it has written.
func (n Net) Run(t testing.TB, name string, args ...string) (string, error) {
	t.Helper()
	var out []byte
	var err error
	n.Do(t, func() { out, err = exec.Command(name, args...).CombinedOutput() })
	return string(out), err
}

// Cable lays an Ethernet cable from a new interface in one namespace to a new
// one in another. Both are off.
func Cable(t testing.TB, a Net, nameA string, b Net, nameB string) {
	t.Helper()
	var err error
	a.Do(t, func() {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = nameA
		err = netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: nameB, PeerNamespace: netlink.NsFd(b.ns)})
	})
	if err != nil {
		t.Fatalf("lay a cable from %s to %s: %v", nameA, nameB, err)
	}
}

// Up switches an interface on and gives it addresses, such as 10.1.1.2/24.
func (n Net) Up(t testing.TB, name string, addresses ...string) {
	t.Helper()
	n.change(t, name, func(l netlink.Link) error {
		if err := netlink.LinkSetUp(l); err != nil {
			return err
		}
		for _, s := range addresses {
			a, err := netlink.ParseAddr(s)
			if err != nil {
				return err
			}
			if err := netlink.AddrReplace(l, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// Down switches an interface off: at the other end of the cable, it is as if
// that was pulled out.
func (n Net) Down(t testing.TB, name string) {
	t.Helper()
	n.change(t, name, netlink.LinkSetDown)
}

func (n Net) change(t testing.TB, name string, f func(netlink.Link) error) {
	t.Helper()
	var err error
	n.Do(t, func() {
		var l netlink.Link
		if l, err = netlink.LinkByName(name); err == nil {
			err = f(l)
		}
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
