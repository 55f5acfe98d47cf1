package dnsmasq

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// A line of the file of leases: when it ends (seconds since 1970, by the card's
// clock; 0: never), hardware address, address, name or *, client's id or *.
func parseLease(line string) (address netip.Addr, ok bool) {
	f := strings.Fields(line)
	if len(f) != 5 {
		return address, false // the server's own id for IPv6, or half a line
	}
	if _, err := strconv.ParseUint(f[0], 10, 64); err != nil {
		return address, false
	}
	address, err := netip.ParseAddr(f[2])
	return address, err == nil && address.Is4()
}

// maxFile bounds what is read of the file: a line is shorter than 600 bytes (a
// client's id has up to 255 of them), and there are MaxGuests.
const maxFile = 256 << 10

// Guests returns how many guests have an address, by the file of leases. A
// guest that has left keeps it for up to two hours. No file means none.
func Guests(file string) (int, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("see who has an address: %w", err)
	}
	defer f.Close()
	n := 0
	lines := bufio.NewScanner(io.LimitReader(f, maxFile))
	for lines.Scan() {
		if _, ok := parseLease(lines.Text()); ok {
			n++
		}
	}
	if err := lines.Err(); err != nil {
		return 0, fmt.Errorf("see who has an address: %w", err)
	}
	return n, nil
}
