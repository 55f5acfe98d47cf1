// Package emulator boots the image of the card in QEMU, as it is flashed: for
// tests, and for people who have no Pi. A [Card] keeps what is written to it as
// a drive does, and loses at a power cut what a drive may lose. A [Machine]
// starts from it as a Pi does, whose firmware is played here.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// RoomPort is where the room is on a card.
const RoomPort = 8081

// HostAddress is where a machine finds the loopback of the one it runs on.
const HostAddress = "10.0.2.2"

// Options of a machine.
type Options struct {
	Board   Board       // "": Virt
	Memory  int         // in MiB; 0: what the board has
	QEMU    []string    // the program and its first arguments; nil: qemu-system-aarch64
	Ports   map[int]int // TCP ports of the card, and where on 127.0.0.1 they are found; 0: at any that is free. Nil: RoomPort, at any
	Host    bool        // it reaches this machine, at HostAddress; without, it reaches nobody
	Tap     *Tap        // a network of one's own, in place of Ports and Host; nil: none
	Console io.Writer   // gets what the machine says on its serial line; nil: nobody
	Boot    *Boot       // what is started in place of the card's kernel; nil: nothing else
	Clock   time.Time   // what the board's clock shows when it is switched on; zero: the right time. A Pi has no such clock and begins in 1970
	Display string      // WIDTHxHEIGHT of what a Raspi3B's HDMI is plugged into; "": nothing is
	Line    *os.File    // one end of a pair of sockets; the other is the virtio port LineName in the machine; nil: there is none
}

// LineName is what the kernel calls the port of Options.Line, in
// /sys/class/virtio-ports.
const LineName = "line"

// Boot is another kernel than the card's. It finds the card's command line.
type Boot struct {
	Kernel, Initramfs []byte
	DTB               []byte // the device tree; nil: the board's
	Args              string // further words for the kernel
}

// Tap is a network that a machine is in.
type Tap struct {
	Device  *os.File // of a tap device, see the kernel's "Universal TUN/TAP device driver"
	Address string   // that the machine will have there, by DHCP
}

// Machine is a board with a card in it. Its methods may be called concurrently.
type Machine struct {
	options Options
	card    *Card
	console *console
	boots   atomic.Int32

	cancel context.CancelFunc
	ended  chan struct{} // closed when the machine is off
	err    error         // why, if by itself; set before ended is closed

	mu  sync.Mutex
	qmp *qmp           // of the QEMU that runs; or nil
	in  io.WriteCloser // to its serial line; or nil
}

// Start switches a machine on. It runs until it switches itself off, or until
// Cut, the end of ctx, or that of this process, which all cut its power. When it
// resets itself, it boots again. The error says what is missing here, and how to
// get it, or that the card is in another machine.
func Start(ctx context.Context, card *Card, o Options) (*Machine, error) {
	if o.QEMU == nil {
		o.QEMU = []string{"qemu-system-aarch64"}
	}
	for _, tool := range []string{o.QEMU[0], "mcopy"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%s is missing: on Debian and Ubuntu, apt-get install qemu-system-arm mtools", tool)
		}
	}
	if o.Board == "" {
		o.Board = Virt
	}
	if boards[o.Board] == nil {
		return nil, fmt.Errorf("there is no board %q: there are %s, %s, %s and %s", o.Board, Virt, Raspi3B, Raspi3AP, Raspi4B)
	}
	var width, height int
	if n, err := fmt.Sscanf(o.Display, "%dx%d", &width, &height); o.Display != "" && (n != 2 || err != nil || o.Board != Raspi3B) {
		return nil, fmt.Errorf("there is no display %q of a %s: it must be like 1280x720, of a %s", o.Display, o.Board, Raspi3B)
	}
	if o.Memory == 0 {
		o.Memory = boards[o.Board].memory
	}
	ports := map[int]int{RoomPort: 0}
	if o.Ports != nil {
		ports = o.Ports
	}
	o.Ports = map[int]int{}
	for guest, host := range ports {
		if host == 0 {
			var err error
			if host, err = freePort(); err != nil {
				return nil, err
			}
		}
		o.Ports[guest] = host
	}
	if !card.inUse.CompareAndSwap(false, true) {
		return nil, errors.New("the card is in another machine, which must be switched off before")
	}
	card.drive.through = boards[o.Board].through
	m := &Machine{options: o, card: card, ended: make(chan struct{})}
	m.console = &console{copy: o.Console, changed: make(chan struct{})}
	ctx, m.cancel = context.WithCancel(ctx)
	go func() {
		m.err = m.run(ctx)
		m.cancel()
		card.inUse.Store(false)
		close(m.ended)
	}()
	return m, nil
}

// run boots the machine until it is off, and returns why it is.
func (m *Machine) run(ctx context.Context) error {
	again := false
	for {
		f, err := readFirmware(ctx, m.card, boards[m.options.Board], again)
		if err == nil {
			f.instead(m.options.Boot)
			m.boots.Add(1)
			begin := m.console.end()
			var reason string
			reason, err = m.runQEMU(ctx, f)
			again = lastWords(m.console.since(begin)) == tryboot
			if reason == "guest-shutdown" {
				return errors.New("it was switched off")
			}
		}
		if ctx.Err() != nil {
			return errors.Join(errors.New("its power was cut"), m.card.drive.cut())
		}
		if err != nil {
			return err
		}
	}
}

// Cut pulls the plug, and returns when the machine is off. Of what it had
// written to its card and not flushed, some is lost.
func (m *Machine) Cut() {
	m.cancel()
	<-m.ended
}

// Ended is closed when the machine is off.
func (m *Machine) Ended() <-chan struct{} { return m.ended }

// Boots tells how often the machine has booted: one more than it was reset.
func (m *Machine) Boots() int { return int(m.boots.Load()) }

// Console returns the end of what the machine said on its serial line: the
// last 256 KiB, or more.
func (m *Machine) Console() string { return m.console.since(0) }

// AwaitConsole waits until the machine says text on its serial line, after what
// was waited for the last time.
func (m *Machine) AwaitConsole(ctx context.Context, text string) error {
	return m.console.await(ctx, text, m.ended)
}

// Type types on the serial line: for images with a shell there.
func (m *Machine) Type(text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.in == nil {
		return errors.New("the machine is off")
	}
	_, err := io.WriteString(m.in, text)
	return err
}

// Monitor does a command of QEMU's monitor (its documentation, "QEMU Monitor"),
// and returns what it answers: `xp /1wx 0x3f200034` reads the Pi's pins.
func (m *Machine) Monitor(ctx context.Context, command string) (string, error) {
	m.mu.Lock()
	q := m.qmp
	m.mu.Unlock()
	if q == nil {
		return "", errors.New("the machine is off")
	}
	return q.human(ctx, command)
}

// Screen returns what is on the display.
func (m *Machine) Screen(ctx context.Context) (image.Image, error) {
	m.mu.Lock()
	q := m.qmp
	m.mu.Unlock()
	if q == nil {
		return nil, errors.New("the machine is off")
	}
	dir, err := os.MkdirTemp("", "screen")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "screen.png")
	if _, err := q.do(ctx, "screendump", map[string]any{"filename": path, "format": "png"}); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}

// PressPower presses the power button of a Virt, for a moment.
func (m *Machine) PressPower(ctx context.Context) error {
	_, err := m.Monitor(ctx, "system_powerdown")
	return err
}

// Address returns where a TCP port of the card is found.
func (m *Machine) Address(port int) string {
	if tap := m.options.Tap; tap != nil {
		return net.JoinHostPort(tap.Address, strconv.Itoa(port))
	}
	return fmt.Sprintf("127.0.0.1:%d", m.options.Ports[port])
}

// URL returns where the room is.
func (m *Machine) URL() string { return "http://" + m.Address(RoomPort) + "/" }

// Await waits until a page of the room answers with 200: "" is the page itself,
// "readyz" means that RabbitMQ is reached.
func (m *Machine) Await(ctx context.Context, page string) error {
	// QEMU takes connections for a machine that is not in its network yet, and
	// forgets them: so at first, little patience.
	client := http.Client{Timeout: 300 * time.Millisecond, Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.URL()+page, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		client.Timeout = min(client.Timeout*11/10, 10*time.Second)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s%s: %w: %w", m.URL(), page, ctx.Err(), err)
		case <-m.ended:
			return fmt.Errorf("the emulator has ended: %w", m.err)
		case <-tick.C:
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
