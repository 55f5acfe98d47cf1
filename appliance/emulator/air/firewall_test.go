package air

import (
	"slices"
	"time"

	"warren/appliance/emulator/air/ask"
)

// firewall: a guest finds what it needs, and is told at once that there is
// nothing else.
func (p *phone) firewall() {
	ports := []int{1883, 2375, 3000, 4369, 5000, 5672, 5900, 8000, 8080, 8081, 8082, 8443, 8880, 9090, 9100, 15672, 15692, 25672, 35672, 61613}
	for port := 1; port <= 1024; port++ {
		ports = append(ports, port)
	}
	var tcp ask.Knocked
	p.must("Knock", ask.Knock{Network: "tcp", Host: "10.1.1.1", Ports: ports, Patience: 5 * time.Second}, &tcp)
	if !slices.Equal(tcp.Open, []int{53, 80, 8081}) || len(tcp.Silent) > 0 {
		p.Errorf("open are the TCP ports %v, silent %v", tcp.Open, tcp.Silent)
	}
	p.note("of %d TCP ports, open are %v, all others refuse; %.1f s", len(ports), tcp.Open, tcp.Took.Seconds())
	p.internet(false)
	// The kernel says it of one UDP port a second.
	var udp ask.Knocked
	closed := []int{69, 123, 137, 161, 443, 1900, 4369, 5353, 8081}
	p.must("Knock", ask.Knock{Network: "udp", Host: "10.1.1.1", Ports: closed, Patience: 20 * time.Second}, &udp)
	if len(udp.Open)+len(udp.Silent) > 0 {
		p.Errorf("the UDP ports %v answer, and %v are silent", udp.Open, udp.Silent)
	}
	p.note("the UDP ports %v refuse; %.1f s", closed, udp.Took.Seconds())
}

// internet: what a phone tries on an internet is refused at once, or it waits
// until it gives up.
func (p *phone) internet(dropped bool) {
	const givesUp = 3 * time.Second // a phone waits for longer
	for _, door := range []ask.Knock{
		{Network: "tcp", Ports: []int{443}}, {Network: "tcp", Ports: []int{5223}}, {Network: "udp", Ports: []int{443}},
	} {
		door.Host, door.Patience = "192.0.2.1", givesUp
		var got ask.Knocked
		p.must("Knock", door, &got)
		atOnce := len(got.Open)+len(got.Silent) == 0 && got.Took < time.Second
		waits := slices.Equal(got.Silent, door.Ports) && got.Took >= givesUp
		if dropped && !waits || !dropped && !atOnce {
			p.Errorf("dropped %v: %s port %d: %+v", dropped, door.Network, door.Ports, got)
		}
		p.note("dropped %v: %s port %d is silent %v, after %v", dropped, door.Network, door.Ports, len(got.Silent) > 0, got.Took)
	}
}
