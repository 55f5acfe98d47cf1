package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"warren/appliance/emulator"
	"warren/appliance/emulator/air/ask"
)

// agentMain serves what a test asks, on the machine's line.
func agentMain() error {
	line, err := openLine()
	if err != nil {
		return err
	}
	a := &Agent{daemons: map[string]*daemon{}, phones: map[int]*rpc.Client{}}
	s := rpc.NewServer()
	if err := s.Register(a); err != nil {
		return err
	}
	s.ServeCodec(jsonrpc.NewServerCodec(line))
	return errors.New("the line is closed")
}

// openLine opens the port of that name, when it is there.
func openLine() (io.ReadWriteCloser, error) {
	for range 500 {
		names, err := filepath.Glob("/sys/class/virtio-ports/*/name")
		if err != nil {
			return nil, err
		}
		for _, file := range names {
			name, _ := os.ReadFile(file)
			if strings.TrimSpace(string(name)) == emulator.LineName {
				return os.OpenFile(filepath.Join("/dev", filepath.Base(filepath.Dir(file))), os.O_RDWR, 0)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, fmt.Errorf("there is no virtio port %s", emulator.LineName)
}

// Agent is what is asked.
type Agent struct {
	mu      sync.Mutex
	daemons map[string]*daemon
	phones  map[int]*rpc.Client
}

type daemon struct {
	*exec.Cmd
	ended chan struct{}
	err   error
}

// Start starts a program with the card's root file system as its own.
func (a *Agent) Start(s ask.Start, _ *ask.Nothing) error {
	d := &daemon{Cmd: exec.Command(s.Line[0], s.Line[1:]...), ended: make(chan struct{})}
	d.Dir, d.Env = "/", []string{"PATH=/user:/gokrazy"}
	d.SysProcAttr = &syscall.SysProcAttr{Chroot: card}
	out, err := d.StderrPipe()
	if err != nil {
		return err
	}
	d.Stdout = d.Stderr
	if err := d.Cmd.Start(); err != nil {
		return err
	}
	go func() {
		say(s.Name, out)
		d.err = d.Wait()
		close(d.ended)
	}()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.daemons[s.Name] = d
	return nil
}

// say copies lines to the console.
func say(name string, lines io.Reader) {
	for s := bufio.NewScanner(lines); s.Scan(); {
		fmt.Printf("%s: %s\n", name, s.Text())
	}
}

// Stop asks a program to end, and waits until it has.
func (a *Agent) Stop(name string, _ *ask.Nothing) error {
	a.mu.Lock()
	d := a.daemons[name]
	a.mu.Unlock()
	if d == nil {
		return fmt.Errorf("%s was not started", name)
	}
	d.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-d.ended:
		return nil
	case <-time.After(20 * time.Second):
		return fmt.Errorf("%s does not end", name)
	}
}

// Exit waits until a program has ended, and answers with how it did.
func (a *Agent) Exit(name string, code *int) error {
	a.mu.Lock()
	d := a.daemons[name]
	a.mu.Unlock()
	if d == nil {
		return fmt.Errorf("%s was not started", name)
	}
	<-d.ended
	*code = d.ProcessState.ExitCode()
	return nil
}

// Signal sends a signal to programs.
func (a *Agent) Signal(s ask.Signal, count *int) error {
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	for _, file := range lines {
		line, _ := os.ReadFile(file) // a process may have ended
		if !slices.ContainsFunc(bytes.Split(line, []byte{0}), func(arg []byte) bool { return string(arg) == s.Word }) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if pid == os.Getpid() {
			continue
		}
		if err := syscall.Kill(pid, syscall.Signal(s.Signal)); err != nil {
			return err
		}
		*count++
	}
	return nil
}

// Read returns a file of the running card.
func (a *Agent) Read(path string, content *string) error {
	root := card
	if os.Getpid() != 1 {
		root = "/proc/1/root"
	}
	data, err := os.ReadFile(filepath.Join(root, path))
	*content = string(data)
	return err
}

// Log returns what a daemon of the card has said last, as gokrazy keeps it: on a
// page of its own server that does not end.
func (a *Agent) Log(name string, log *string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	server := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", "/proc/1/root/run/gokrazy-http.sock")
	}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://gokrazy/log?stream=both&path=/user/"+name, nil)
	if err != nil {
		return err
	}
	resp, err := server.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body) // until the time is over
	*log = string(text)
	return nil
}

// Phone makes a phone, of that number: with a radio, in a network of its own.
func (a *Agent) Phone(number int, _ *ask.Nothing) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "the phone's")
	defer ours.Close()
	defer theirs.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe", "phone", fmt.Sprintf("wlan%d", number))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := moveRadio(fmt.Sprintf("wlan%d", number), cmd.Process.Pid); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.phones[number] = jsonrpc.NewClient(conn)
	return nil
}

// moveRadio moves a radio to the network of a process.
func moveRadio(name string, pid int) error {
	index, err := radioIndex(name)
	if err != nil {
		return err
	}
	err = request(unix.NL80211_GENL_NAME, unix.NL80211_CMD_SET_WIPHY_NETNS,
		nl.NewRtAttr(unix.NL80211_ATTR_WIPHY, nl.Uint32Attr(index)),
		nl.NewRtAttr(unix.NL80211_ATTR_PID, nl.Uint32Attr(uint32(pid))))
	if err != nil {
		return fmt.Errorf("move radio %s: %w", name, err)
	}
	return nil
}

// radioIndex returns the kernel's number of the radio behind an interface: it
// counts on when radios go and come.
func radioIndex(name string) (uint32, error) {
	text, err := os.ReadFile(filepath.Join("/sys/class/net", name, "phy80211/index"))
	if err != nil {
		return 0, err
	}
	index, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	return uint32(index), err
}

// request asks a family of generic netlink for something.
func request(family string, command uint8, attributes ...*nl.RtAttr) error {
	f, err := netlink.GenlFamilyGet(family)
	if err != nil {
		return fmt.Errorf("%s: %w", family, err)
	}
	req := nl.NewNetlinkRequest(int(f.ID), unix.NLM_F_ACK)
	req.AddData(&nl.Genlmsg{Command: command, Version: nl.GENL_CTRL_VERSION})
	for _, a := range attributes {
		req.AddData(a)
	}
	_, err = req.Execute(unix.NETLINK_GENERIC, 0)
	return err
}

// Pass has a phone do something.
func (a *Agent) Pass(p ask.Pass, answer *json.RawMessage) error {
	a.mu.Lock()
	phone := a.phones[p.Phone]
	a.mu.Unlock()
	if phone == nil {
		return fmt.Errorf("there is no phone %d", p.Phone)
	}
	return phone.Call("Phone."+p.Method, p.Args, answer)
}
