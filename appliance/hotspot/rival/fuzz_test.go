package rival

import (
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// FuzzOffer: whatever a DHCP server sends, it is refused as no DHCP, or there is
// an IPv4 address to call it by.
func FuzzOffer(f *testing.F) {
	for _, options := range [][]dhcpv4.Modifier{
		{dhcpv4.WithMessageType(dhcpv4.MessageTypeOffer), dhcpv4.WithServerIP([]byte{10, 0, 0, 1}), dhcpv4.WithOption(dhcpv4.OptServerIdentifier([]byte{10, 0, 0, 1}))},
		{dhcpv4.WithMessageType(dhcpv4.MessageTypeOffer)},
	} {
		offer, err := dhcpv4.New(options...)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(offer.ToBytes())
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		offer, err := dhcpv4.FromBytes(packet)
		if err != nil {
			return
		}
		if server := serverOf(offer); !server.Is4() {
			t.Fatalf("%x is from %v", packet, server)
		}
	})
}
