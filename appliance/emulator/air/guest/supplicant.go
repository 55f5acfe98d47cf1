package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"warren/appliance/emulator/air/ask"
)

// What wpa_supplicant says when it is in a network, and when it is not any more.
const (
	connected    = "CTRL-EVENT-CONNECTED"
	disconnected = "CTRL-EVENT-DISCONNECTED"
)

// supplicant is the part of a phone that joins a Wi-Fi: Debian's wpa_supplicant.
type supplicant struct {
	cmd *exec.Cmd

	mu      sync.Mutex
	events  []string      // what it said of them
	changed chan struct{} // closed at the next
}

// startSupplicant has a radio join a network, and join it again when it is lost.
// It looks at channels 1, 6 and 11 only: at all that a simulated radio has, it
// would look for ten seconds each time.
func startSupplicant(radio string, n ask.Network) (*supplicant, error) {
	key := "key_mgmt=NONE"
	if n.Passphrase != "" {
		key = fmt.Sprintf("key_mgmt=WPA-PSK\npsk=%q", n.Passphrase)
	}
	config := fmt.Sprintf("network={\nssid=%q\nscan_freq=2412 2437 2462\n%s\n}\n", n.Name, key)
	file := "/" + radio + ".conf"
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	s := &supplicant{changed: make(chan struct{})}
	s.cmd = exec.Command("/phone/lib/ld-linux-aarch64.so.1", "--library-path", "/phone/lib",
		"/phone/bin/wpa_supplicant", "-i", radio, "-D", "nl80211", "-c", file)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.cmd.Stderr = s.cmd.Stdout
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go s.read(radio, out)
	return s, nil
}

func (s *supplicant) read(radio string, out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		fmt.Printf("the phone's wpa_supplicant: %s\n", line)
		line = strings.TrimPrefix(line, radio+": ")
		if !strings.HasPrefix(line, "CTRL-EVENT-") {
			continue
		}
		s.mu.Lock()
		s.events = append(s.events, line)
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
	}
}

// stop ends it. Asked politely, it takes its keys from the radio: with one left
// there, the radio hears nothing of an open Wi-Fi.
func (s *supplicant) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	s.cmd.Wait()
}

// await waits until there were more than so many events of a name.
func (s *supplicant) await(name string, after int, patience time.Duration) bool {
	return s.until(patience, func() bool { return s.count(name) > after })
}

// settled waits until it is in, or knows that the passphrase is wrong, and
// reports whether it is in.
func (s *supplicant) settled(patience time.Duration) bool {
	s.until(patience, func() bool { return s.count(connected) > 0 || strings.Contains(s.reason(), "WRONG_KEY") })
	return s.count(connected) > 0
}

func (s *supplicant) until(patience time.Duration, holds func() bool) bool {
	late := time.After(patience)
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if holds() {
			return true
		}
		select {
		case <-changed:
		case <-late:
			return false
		}
	}
}

func (s *supplicant) count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.events {
		if strings.HasPrefix(e, name) {
			n++
		}
	}
	return n
}

// in reports whether it is in.
func (s *supplicant) in() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := false
	for _, e := range s.events {
		in = strings.HasPrefix(e, connected) || in && !strings.HasPrefix(e, disconnected)
	}
	return in
}

// reason returns the last event that says why it is not in.
func (s *supplicant) reason() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	why := ""
	for _, e := range s.events {
		if strings.Contains(e, "reason=") || strings.Contains(e, "status_code=") {
			why = e
		}
	}
	return why
}
