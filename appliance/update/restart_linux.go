package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// restarter restarts the machine. If a method returns there was an error, or ctx
// has ended, because the restart ends this daemon, too.
type restarter interface {
	// trial starts the system on trial, once.
	trial(ctx context.Context) error
	// plain starts the system that starts by itself.
	plain(ctx context.Context) error
}

// machine is this one.
type machine struct {
	gokrazy string // the socket of gokrazy's own server
	log     *slog.Logger
}

// tryboot is what the kernel tells the Pi's firmware: partition 0, which is the
// usual one, and to read tryboot.txt instead of config.txt this once (reboot(2),
// LINUX_REBOOT_CMD_RESTART2; the kernel's drivers/firmware/raspberrypi.c).
const tryboot = "0 tryboot"

func (machine) trial(context.Context) error {
	// No goodbye to anybody: every daemon lives with power cuts, and gokrazy's
	// own restart takes no argument.
	unix.Sync()
	text, err := unix.BytePtrFromString(tryboot)
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_REBOOT, unix.LINUX_REBOOT_MAGIC1, unix.LINUX_REBOOT_MAGIC2,
		unix.LINUX_REBOOT_CMD_RESTART2, uintptr(unsafe.Pointer(text)), 0, 0)
	return os.NewSyscallError("reboot", errno)
}

// cleanTime is how long gokrazy may take to end all services, of which RabbitMQ
// took 14 s at most, before the machine is restarted as by a power cut.
const cleanTime = 40 * time.Second

func (m machine) plain(ctx context.Context) error {
	if err := m.ask(ctx); err != nil {
		m.log.Warn("gokrazy does not restart the machine: it is done without", "error", err)
	} else {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(cleanTime):
			m.log.Warn("gokrazy does not get on with the restart: it is done without")
		}
	}
	unix.Sync()
	return os.NewSyscallError("reboot", unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART))
}

// ask asks gokrazy to end all services and restart the machine.
func (m machine) ask(ctx context.Context) error {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", m.gokrazy)
		},
		DisableKeepAlives: true,
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://gokrazy/reboot?async=true&wait_per_signal=20s", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		return fmt.Errorf("%s: %s", resp.Status, why)
	}
	return nil
}
