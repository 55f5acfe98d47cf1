// Guest is the first program of a machine with simulated radios. It loads the
// kernel's modules and begins the system of the card; beside it an agent does
// what a test asks, and has phones, each in a network of its own.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"warren/appliance/emulator/air/ask"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "phone":
		err = phoneMain(os.Args[2])
	case len(os.Args) == 2 && os.Args[1] == "agent":
		err = agentMain()
	case os.Getpid() == 1:
		err = begin()
	default:
		err = fmt.Errorf("it is no program for people")
	}
	fmt.Fprintln(os.Stderr, "guest:", err)
	if os.Getpid() == 1 {
		time.Sleep(time.Second) // for the console
		unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}
	os.Exit(1)
}

// Words of the kernel's command line: the number of radios, and whether the
// card's own init is to be started. Without, it is the agent that starts what
// the test wants.
const (
	radiosWord = "air.radios="
	initWord   = "air.init"
)

// modules is where the kernel's modules are at first. That of the radios goes to
// ask.RadioModule on the card.
const (
	modules     = "/modules"
	radioModule = "mac80211_hwsim.ko"
)

// card is where the card's root file system is mounted, and rootDevice the
// partition that it is on: the card's second.
const (
	card       = "/card"
	rootDevice = "/dev/vda2"
)

// begin is the first process.
func begin() error {
	for _, m := range []struct{ kind, dir string }{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}} {
		if err := mount(m.kind, m.kind, m.dir, 0); err != nil {
			return err
		}
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	radios, ownInit := "2", false
	for _, word := range strings.Fields(string(line)) {
		if n, ok := strings.CutPrefix(word, radiosWord); ok {
			radios = n
		}
		ownInit = ownInit || word == initWord
	}
	if err := loadModules(modules, map[string]string{radioModule: "radios=" + radios}); err != nil {
		return err
	}
	if err := mountCard(); err != nil {
		return err
	}
	if ownInit {
		if err := os.RemoveAll(modules); err != nil {
			return err
		}
		return beginCard()
	}
	if err := furnish(); err != nil {
		return err
	}
	if err := os.RemoveAll(modules); err != nil { // it is memory
		return err
	}
	return agentMain()
}

func mount(device, kind, dir string, flags uintptr) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(device, dir, kind, flags, ""); err != nil {
		return fmt.Errorf("mount %s at %s: %w", device, dir, err)
	}
	return nil
}

// loadModules loads the modules of a folder in the order that it has in a file.
func loadModules(dir string, parameters map[string]string) error {
	order, err := os.ReadFile(filepath.Join(dir, "order"))
	if err != nil {
		return err
	}
	for name := range strings.Lines(string(order)) {
		name = strings.TrimSpace(name)
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := unix.InitModule(content, parameters[name]); err != nil {
			return fmt.Errorf("load %s: %w", name, err)
		}
	}
	return nil
}

// mountCard mounts the card's root file system when its device is there.
func mountCard() error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		if _, err := os.Stat(rootDevice); err == nil {
			return mount(rootDevice, "squashfs", card, unix.MS_RDONLY)
		} else if time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// beginCard starts an agent that keeps the file system that is here, and makes
// the card's the root, as if the kernel had mounted it. Then it is the card's
// init.
func beginCard() error {
	agent := exec.Command("/proc/self/exe", "agent")
	agent.Stdout, agent.Stderr = os.Stdout, os.Stderr
	agent.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Setsid: true}
	if err := agent.Start(); err != nil {
		return err
	}
	for _, dir := range []string{"/dev", "/sys", "/proc"} {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			return err
		}
	}
	if err := os.Chdir(card); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return err
	}
	if err := unix.Chroot("."); err != nil {
		return err
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	return unix.Exec("/gokrazy/init", []string{"/gokrazy/init"}, os.Environ())
}

// furnish gives the card's root file system what gokrazy gives it.
func furnish() error {
	for _, m := range []struct{ kind, dir string }{
		{"proc", "proc"}, {"sysfs", "sys"}, {"devtmpfs", "dev"}, {"tmpfs", "run"}, {"tmpfs", "tmp"}, {"tmpfs", "perm"},
	} {
		if err := mount(m.kind, m.kind, filepath.Join(card, m.dir), 0); err != nil {
			return err
		}
	}
	content, err := os.ReadFile(filepath.Join(modules, radioModule))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(card, ask.RadioModule), content, 0o600); err != nil {
		return err
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	// The kernel looks for the rules of radio per country where its own root is.
	if err := os.MkdirAll("/lib", 0o755); err != nil {
		return err
	}
	return os.Symlink(filepath.Join(card, "lib/firmware"), "/lib/firmware")
}
