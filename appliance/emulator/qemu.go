package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// What QEMU finds at which file descriptor. None of it has a name in a file
// system, so none of it is left over.
const (
	diskFD = 3 + iota
	monitorFD
	kernelFD
	initramfsFD
	dtbFD
	tapFD
	lineFD
)

// runQEMU runs QEMU until the machine is off or resets itself, and returns what
// QEMU calls the reason ("guest-reset", "guest-shutdown"), or an error; that of
// an end of ctx is not told from others.
func (m *Machine) runQEMU(ctx context.Context, f *firmware) (reason string, err error) {
	// What dies with its parent (Pdeathsig) dies with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	var files [tapFD - 3]*os.File
	defer func() {
		for _, f := range files {
			if f != nil {
				f.Close()
			}
		}
	}()
	disk, diskEnd, err := pair()
	if err != nil {
		return "", err
	}
	defer disk.Close()
	monitor, monitorEnd, err := pair()
	if err != nil {
		diskEnd.Close()
		return "", err
	}
	defer monitor.Close()
	files[diskFD-3], files[monitorFD-3] = diskEnd, monitorEnd
	if files[kernelFD-3], err = inMemory("kernel", f.kernel); err != nil {
		return "", err
	}
	if files[initramfsFD-3], err = inMemory("initramfs", f.initramfs); err != nil {
		return "", err
	}
	if files[dtbFD-3], err = inMemory("dtb", f.dtb); err != nil {
		return "", err
	}

	program := m.options.QEMU
	cmd := exec.CommandContext(ctx, program[0], append(program[1:len(program):len(program)], m.args(f)...)...)
	var tap *os.File
	if m.options.Tap != nil {
		tap = m.options.Tap.Device
	}
	cmd.ExtraFiles = append(files[:], tap, m.options.Line)
	cmd.Stdout, cmd.Stderr = m.console, m.console
	// Ctrl-C in a terminal is for the program that shows the machine.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start the emulator: %w", err)
	}
	for i := range files { // QEMU has its own
		files[i].Close()
		files[i] = nil
	}
	served := make(chan error, 1)
	go func() {
		served <- serveNBD(disk, &m.card.drive)
		disk.Close()
	}()
	q := newQMP(monitor)
	m.attach(q, in)
	_, capErr := q.do(ctx, "qmp_capabilities", nil) // without it there are no events
	err = cmd.Wait()
	m.attach(nil, nil)
	<-q.ended
	if diskErr := <-served; diskErr != nil {
		return "", fmt.Errorf("serve the card to the emulator: %w", diskErr)
	}
	if err != nil {
		text := strings.TrimSpace(m.console.since(0))
		return "", fmt.Errorf("QEMU has ended, %w: %s", err, text[strings.LastIndex(text, "\n")+1:])
	}
	if q.reason == "" {
		return "", errors.Join(errors.New("the emulator has ended without a reason"), capErr)
	}
	// The power is on, and what a reset leaves unwritten the drive writes out.
	return q.reason, m.card.drive.writeOut()
}

// attach sets what Monitor and Type speak to.
func (m *Machine) attach(q *qmp, in io.WriteCloser) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.qmp, m.in = q, in
}

func (m *Machine) args(f *firmware) []string {
	b := boards[m.options.Board]
	network := "user,id=net"
	if !m.options.Host {
		network += ",restrict=on"
	}
	for guest, host := range m.options.Ports {
		network += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-:%d", host, guest)
	}
	if m.options.Tap != nil {
		network = fmt.Sprintf("tap,id=net,fd=%d", tapFD)
	}
	args := append([]string{}, b.machine...)
	args = append(args, "-m", fmt.Sprint(m.options.Memory), "-display", "none", "-no-reboot",
		"-kernel", fdPath(kernelFD), "-append", strings.Join([]string{f.bootargs, f.cmdline, b.args}, " ")+display(m.options.Display),
		"-drive", fmt.Sprintf("format=raw,file.driver=nbd,file.server.type=fd,file.server.str=%d,%s", diskFD, b.disk[0]))
	args = append(args, b.disk[1:]...)
	args = append(args, "-netdev", network, "-device", b.net+",netdev=net",
		"-chardev", fmt.Sprintf("socket,id=monitor,fd=%d", monitorFD), "-mon", "chardev=monitor,mode=control")
	if !m.options.Clock.IsZero() {
		args = append(args, "-rtc", "base="+m.options.Clock.UTC().Format("2006-01-02T15:04:05"))
	}
	if f.dtb != nil {
		args = append(args, "-dtb", fdPath(dtbFD))
	}
	if f.initramfs != nil {
		args = append(args, "-initrd", fdPath(initramfsFD))
	}
	if m.options.Line != nil {
		args = append(args, "-chardev", fmt.Sprintf("socket,id=line,fd=%d", lineFD),
			"-device", "virtio-serial-pci", "-device", "virtserialport,chardev=line,name="+LineName)
	}
	return append(args, "-serial", "stdio")
}

// display returns what a Pi's firmware tells the kernel of the display it has
// found, of 16 bits per pixel unless config.txt says otherwise (Raspberry Pi
// documentation, "config.txt", framebuffer_depth).
func display(size string) string {
	width, height, ok := strings.Cut(size, "x")
	if !ok {
		return ""
	}
	return fmt.Sprintf(" bcm2708_fb.fbwidth=%s bcm2708_fb.fbheight=%s bcm2708_fb.fbdepth=16 bcm2708_fb.fbswap=1", width, height)
}

func fdPath(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// pair returns a socket that is connected with the other, which is for QEMU.
func pair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a pair of sockets: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "QEMU's")
	conn, err := net.FileConn(ours)
	ours.Close()
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn, theirs, nil
}

// inMemory returns a file with this content, in memory.
func inMemory(name string, content []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := f.Write(content); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lastWords returns the last line of a boot's console that says that the kernel
// restarts.
func lastWords(text string) string {
	at := strings.LastIndex(text, "reboot: ")
	if at < 0 {
		return ""
	}
	line, _, _ := strings.Cut(text[at:], "\n")
	return strings.TrimSpace(line)
}
