package hostapd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Watch watches one run of hostapd through its control socket.
type Watch struct {
	Control   string // folder of the control socket, as in Config
	Interface string

	// Up is called when the access point can be seen. Stations is called with
	// the phones that are in, by hardware address, each time that changes. Both
	// are called from Run.
	Up       func()
	Stations func(addresses map[string]bool)

	Times Times // Patient if zero
}

// Times are how patient a watch is.
type Times struct {
	Start  time.Duration // for the access point to be seen
	Every  time.Duration // between two questions
	Answer time.Duration // for the answer to one
}

// Patient is the patience for a Pi. With a country and without its rules
// hostapd waits 5 s for them before it begins. An answer takes a millisecond;
// one that takes five seconds comes from a hostapd in which phones give up, too:
// the handshake of WPA2 has four tries of a second.
var Patient = Times{Start: 30 * time.Second, Every: 3 * time.Second, Answer: 5 * time.Second}

// Errors of Run, both about a hostapd that should be started again.
var (
	ErrSilent   = errors.New("hostapd does not answer")
	ErrDisabled = errors.New("the radio has switched the Wi-Fi off")
)

// maxMessage is the longest message of hostapd, and then some: its answers have
// 4096 bytes at most.
const maxMessage = 8 << 10

// maxStations bounds how many phones are listed: hostapd's own limit.
const maxStations = 2007

// Run watches until hostapd is not well any more, which is an error, or ctx
// ends.
//
// hostapd's socket is one of datagrams: if it is killed nobody hears of it. So
// it is asked every few seconds how it is. The answer also says how many phones
// are in, so that an event that was lost is not lost for good.
func (w Watch) Run(ctx context.Context) error {
	if w.Times == (Times{}) {
		w.Times = Patient
	}
	local := filepath.Join(w.Control, "."+w.Interface+".watch")
	defer os.Remove(local)
	c, err := w.attach(ctx, local)
	if err != nil {
		return err
	}
	defer c.Close()
	// What Run waits for is cut short when ctx ends.
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	err = c.watch()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// attach waits for hostapd's socket and has it tell its events.
func (w Watch) attach(ctx context.Context, local string) (*conn, error) {
	begin := time.Now()
	for {
		c, err := w.dial(local)
		if err == nil {
			return c, nil
		}
		if time.Since(begin) > w.Times.Start {
			return nil, fmt.Errorf("%w: %w", ErrSilent, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(100*time.Millisecond, w.Times.Every)):
		}
	}
}

func (w Watch) dial(local string) (*conn, error) {
	// hostapd answers to a name; that of an earlier life may be there still.
	if err := os.Remove(local); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	socket, err := net.DialUnix("unixgram",
		&net.UnixAddr{Name: local, Net: "unixgram"},
		&net.UnixAddr{Name: filepath.Join(w.Control, w.Interface), Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	c := &conn{UnixConn: socket, Watch: w, in: map[string]bool{}}
	answer, err := c.ask("ATTACH")
	if err == nil && answer != "OK" {
		err = fmt.Errorf("it answers %.40q to ATTACH", answer)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// conn is a conversation with hostapd. One goroutine holds it.
type conn struct {
	*net.UnixConn
	Watch
	in  map[string]bool // the phones that are in
	off bool            // the access point was switched off
}

func (c *conn) watch() error {
	up, begin := false, time.Now()
	for {
		status, err := c.ask("STATUS")
		switch {
		case err != nil:
			return fmt.Errorf("%w: %w", ErrSilent, err)
		case c.off:
			return ErrDisabled
		case parseStatus(status, "state") == "ENABLED":
			if !up {
				up = true
				c.Up()
			}
			if n, err := strconv.Atoi(parseStatus(status, "num_sta[0]")); err != nil || n != len(c.in) {
				if err := c.list(); err != nil {
					return fmt.Errorf("%w: %w", ErrSilent, err)
				}
			}
		case up:
			return ErrDisabled
		case time.Since(begin) > c.Times.Start:
			return fmt.Errorf("the Wi-Fi does not begin: hostapd is in state %.40q after %v", parseStatus(status, "state"), c.Times.Start)
		}
		pause := c.Times.Every
		if !up {
			pause = min(pause, 100*time.Millisecond)
		}
		if err := c.listen(pause); err != nil {
			return err
		}
	}
}

// list asks for the phones that are in.
func (c *conn) list() error {
	in := map[string]bool{}
	answer, err := c.ask("STA-FIRST")
	for range maxStations {
		if err != nil {
			return err
		}
		address, authorized, ok := parseStation(answer)
		if !ok {
			break // the end: an empty answer, or FAIL if that phone has just left
		}
		if authorized {
			in[address] = true
		}
		answer, err = c.ask("STA-NEXT " + address)
	}
	c.set(in)
	return nil
}

// set has others hear of the phones that are in, if they are others.
func (c *conn) set(in map[string]bool) {
	same := len(in) == len(c.in)
	for a := range in {
		same = same && c.in[a]
	}
	c.in = in
	if !same {
		c.Stations(in)
	}
}

// listen reads events for a while.
func (c *conn) listen(pause time.Duration) error {
	if err := c.SetReadDeadline(time.Now().Add(pause)); err != nil {
		return err
	}
	for !c.off {
		message, err := c.read()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSilent, err)
		}
		c.heed(message)
	}
	return nil
}

// ask sends a command and returns the answer without its line break. Events
// that come before it are heeded.
func (c *conn) ask(command string) (string, error) {
	if err := c.SetDeadline(time.Now().Add(c.Times.Answer)); err != nil {
		return "", err
	}
	if _, err := c.Write([]byte(command)); err != nil {
		return "", err
	}
	for {
		message, err := c.read()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return "", fmt.Errorf("no answer to %s within %v", command, c.Times.Answer)
		}
		if err != nil {
			return "", err
		}
		if !c.heed(message) {
			return strings.TrimRight(message, "\n"), nil
		}
	}
}

func (c *conn) read() (string, error) {
	var buf [maxMessage]byte
	n, err := c.Read(buf[:])
	return string(buf[:n]), err
}

// heed does what an event says; it reports whether the message is one.
func (c *conn) heed(message string) bool {
	e, ok := parseEvent(message)
	if !ok {
		return false
	}
	address, about := e.station()
	switch {
	case e.word == disabled:
		c.off = true
	case e.word == joined && about && len(c.in) < maxStations:
		c.change(address, true)
	case e.word == left && about:
		c.change(address, false)
	}
	return true
}

func (c *conn) change(address string, in bool) {
	next := map[string]bool{}
	for a := range c.in {
		next[a] = true
	}
	if in {
		next[address] = true
	} else {
		delete(next, address)
	}
	c.set(next)
}
