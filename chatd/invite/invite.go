// Package invite says how a phone gets into the room: the address, and its QR
// code.
package invite

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"

	"rsc.io/qr"
)

// URL returns the address under which phones on the same network reach a server
// that listens on addr, and false if none can.
func URL(addr net.Addr) (string, bool) {
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return "", false
	}
	host := ap.Addr().Unmap()
	switch {
	case host.IsLoopback():
		return "", false
	case host.IsUnspecified():
		if host, err = lan(); err != nil {
			return "", false
		}
	}
	return fmt.Sprintf("http://%s/", netip.AddrPortFrom(host, ap.Port())), true
}

// lan returns this machine's address on the local network: a private IPv4 one
// if there is any, as that is what a QR code holds best.
func lan() (netip.Addr, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, err
	}
	var found netip.Addr
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		switch ip := p.Addr().Unmap(); {
		case ip.IsLoopback(), ip.IsLinkLocalUnicast():
		case ip.Is4() && ip.IsPrivate():
			return ip, nil
		case !found.IsValid():
			found = ip
		}
	}
	if !found.IsValid() {
		return found, fmt.Errorf("this machine is on no network")
	}
	return found, nil
}

// quiet is the white margin around a QR code, in modules. The standard asks for
// four (ISO/IEC 18004); phones read two well, and a terminal has few lines.
const quiet = 2

// WriteQR draws the QR code of text with half blocks, in black on white
// whatever colours the terminal has: a code in inverse is read by few phones.
func WriteQR(w io.Writer, text string) error {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return fmt.Errorf("QR code of %.60q: %w", text, err)
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString("  \x1b[38;5;16;48;5;231m")
		for x := -quiet; x < code.Size+quiet; x++ {
			switch top, bottom := code.Black(x, y), code.Black(x, y+1); {
			case top && bottom:
				b.WriteRune('█')
			case top:
				b.WriteRune('▀')
			case bottom:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	_, err = io.WriteString(w, b.String())
	return err
}
