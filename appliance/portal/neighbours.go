package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"

	"warren/appliance/portal/known"
)

// maxNeighbours bounds what is read of the table: the kernel keeps at most 1,024
// (arp(7), gc_thresh3), in lines of 80 bytes.
const maxNeighbours = 128 << 10

// whoIs returns a function that tells which phone has an address: by its
// hardware address, or by the address itself if the kernel's table of
// neighbours, at path, does not have it (proc(5), /proc/net/arp).
func whoIs(phones *known.Phones, path string) func(netip.Addr) known.Phone {
	return func(addr netip.Addr) known.Phone {
		if f, err := os.Open(path); err == nil {
			defer f.Close()
			if hardware := hardwareOf(io.LimitReader(f, maxNeighbours), addr); hardware != nil {
				return phones.ByHardware(hardware)
			}
		}
		return phones.ByAddress(addr.AsSlice())
	}
}

// hardwareOf returns the hardware address beside addr in the table, or nil.
func hardwareOf(table io.Reader, addr netip.Addr) net.HardwareAddr {
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		// IP address, HW type, Flags, HW address, Mask, Device
		f := strings.Fields(lines.Text())
		if len(f) < 4 {
			continue
		}
		if a, err := netip.ParseAddr(f[0]); err != nil || a != addr {
			continue
		}
		// One that has not answered yet is all zeros.
		if hw, err := net.ParseMAC(f[3]); err == nil && !bytes.Equal(hw, make([]byte, len(hw))) {
			return hw
		}
	}
	return nil
}
