// Package emulator boots the image of the card in QEMU, as it is flashed: for
// tests, and for people who have no Pi. The machine is "virt", a board of no
// maker, on which the Pi's kernel runs too; it has no radio, no LED and no pins.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// bootOffset is where the image's boot partition begins, in bytes: behind 4 MiB
// (see appliance/image/card).
const bootOffset = 4 << 20

// memory is what a Pi 3B+ has, in MiB.
const memory = 1024

// Machine is an emulated card. Its methods may be called concurrently.
type Machine struct {
	port  int
	ended chan struct{} // closed when QEMU has ended
	err   error         // how; set before ended is closed
	pid   int
}

// Options of a machine.
type Options struct {
	Image   string    // the image; it is not changed
	Dir     string    // an existing folder for the machine's own files: what it writes to the card stays there
	Port    int       // on 127.0.0.1, where the card's port 8081 is found
	Console io.Writer // gets the kernel's messages; nil: nobody
}

// Start boots the image. The machine runs until Stop, or until this process
// ends. The error says what is missing on this machine, and how to get it.
func Start(ctx context.Context, o Options) (*Machine, error) {
	for _, tool := range []string{"qemu-system-aarch64", "qemu-img", "mcopy"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%s is missing: on Debian and Ubuntu, apt-get install qemu-system-arm qemu-utils mtools", tool)
		}
	}
	image, err := filepath.Abs(o.Image)
	if err == nil {
		_, err = os.Stat(image)
	}
	if err != nil {
		return nil, fmt.Errorf("there is no image (make image makes one): %w", err)
	}
	// What the machine writes goes into a file of its own.
	card := filepath.Join(o.Dir, "card.qcow2")
	if _, err := os.Stat(card); errors.Is(err, os.ErrNotExist) {
		if err := run(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-b", image, "-F", "raw", card); err != nil {
			return nil, err
		}
	}
	kernel, cmdline := filepath.Join(o.Dir, "vmlinuz"), filepath.Join(o.Dir, "cmdline.txt")
	boot := fmt.Sprintf("%s@@%d", image, bootOffset)
	if err := run(ctx, "mcopy", "-n", "-o", "-i", boot, "::vmlinuz", "::cmdline.txt", o.Dir); err != nil {
		return nil, err
	}
	args, err := os.ReadFile(cmdline)
	if err != nil {
		return nil, fmt.Errorf("read the kernel's command line: %w", err)
	}
	cmd := exec.Command("qemu-system-aarch64",
		"-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", fmt.Sprint(memory), "-display", "none",
		"-kernel", kernel, "-append", strings.TrimSpace(string(args))+" console=ttyAMA0,115200",
		"-drive", "file="+card+",if=none,id=card,format=qcow2,cache=writeback", "-device", "virtio-blk-pci,drive=card",
		"-netdev", fmt.Sprintf("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:%d-:8081", o.Port), "-device", "virtio-net-pci,netdev=net",
		"-serial", "stdio", "-monitor", "none")
	cmd.Stdout, cmd.Stderr = o.Console, o.Console
	// Ctrl-C in a terminal is for the program that shows the machine.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return start(cmd, o.Port)
}

// start starts QEMU from a thread that lives as long as it: Pdeathsig comes
// when the thread ends.
func start(cmd *exec.Cmd, port int) (*Machine, error) {
	m := &Machine{port: port, ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			m.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			m.err = cmd.Wait()
			close(m.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	return m, nil
}

// URL returns where the room is.
func (m *Machine) URL() string { return fmt.Sprintf("http://127.0.0.1:%d/", m.port) }

// Await waits until a page of the room answers with 200: "" is the page itself,
// "readyz" means that RabbitMQ is reached.
func (m *Machine) Await(ctx context.Context, page string) error {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		resp, err := client.Get(m.URL() + page)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		last = err
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s%s: %w: %w", m.URL(), page, ctx.Err(), last)
		case <-m.ended:
			return fmt.Errorf("the emulator has ended: %v", m.err)
		case <-tick.C:
		}
	}
}

// Stop pulls the plug and returns when the machine is gone. What it had not
// written to its card is lost.
func (m *Machine) Stop() {
	select {
	case <-m.ended:
	default:
		syscall.Kill(m.pid, syscall.SIGKILL)
		<-m.ended
	}
}

// Ended is closed when the machine has ended.
func (m *Machine) Ended() <-chan struct{} { return m.ended }

func run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}
