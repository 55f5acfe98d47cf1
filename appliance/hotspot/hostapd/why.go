package hostapd

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// Words keeps what hostapd has said last, to tell why it has ended.
type Words struct{ lines []string }

// keep is how many lines are kept: what hostapd says after what went wrong are
// less than ten.
const keep = 16

// Add takes a line of hostapd's output, and returns it without the hardware
// addresses in it, which tell whose phone was here.
func (w *Words) Add(line string) string {
	line = hardwareAddress.ReplaceAllString(line, "(a phone)")
	if len(w.lines) == keep {
		w.lines = w.lines[1:]
	}
	w.lines = append(w.lines, line)
	return line
}

var hardwareAddress = regexp.MustCompile(`\b([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b`)

// ErrChannel is returned if the radio may not send on the channel.
var ErrChannel = errors.New("the radio may not send on this channel")

// channelRefused is what hostapd says then: of the kernel's rules, and of the
// radio's own.
var channelRefused = regexp.MustCompile(`not allowed for AP mode|not found from the channel list|does not support configured channel|Could not select hw_mode and channel|Failed to set channel`)

// farewell are lines about the end, and not about why.
var farewell = regexp.MustCompile(`AP-DISABLED|CTRL-EVENT-TERMINATING|interface state|[Ii]nterface initialization failed|hostapd_free_hapd_data|deinit|AP-STA-|Unable to setup interface|Failed to initialize interface|rfkill: Cannot open`)

// Why returns why hostapd has ended, in its own words if it ended by itself; err
// is how, as exec.Cmd.Wait returns it.
func (w *Words) Why(c Config, err error) error {
	how := "by itself"
	if err != nil {
		how = err.Error()
	}
	last := ""
	for _, line := range w.lines {
		if channelRefused.MatchString(line) {
			where := "without a country"
			if c.Country != "" {
				where = "in the country " + c.Country
			}
			return fmt.Errorf("%w: %d %s (hostapd: %.200s)", ErrChannel, c.Channel, where, line)
		}
		if !farewell.MatchString(line) {
			last = line
		}
	}
	var exit *exec.ExitError
	if last = strings.TrimSpace(last); last == "" || errors.As(err, &exit) && !exit.Exited() {
		return fmt.Errorf("hostapd has ended: %s", how)
	}
	return fmt.Errorf("hostapd has ended: %s: %.200s", how, last)
}
