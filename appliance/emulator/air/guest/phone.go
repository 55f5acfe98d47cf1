package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/vishvananda/netlink"

	"warren/appliance/emulator/air/ask"
)

// Phone is what a phone is asked.
type Phone struct {
	radio string

	mu         sync.Mutex
	supplicant *supplicant
	dns        string
	room       *room
}

// phoneMain is a phone's process. It serves what it is asked on file 3.
func phoneMain(radio string) error {
	file := os.NewFile(3, "line")
	conn, err := net.FileConn(file)
	if err != nil {
		return err
	}
	file.Close()
	s := rpc.NewServer()
	if err := s.Register(&Phone{radio: radio}); err != nil {
		return err
	}
	s.ServeCodec(jsonrpc.NewServerCodec(conn))
	return errors.New("its line is closed")
}

// Join joins a network, in place of the one that it is in.
func (p *Phone) Join(n ask.Network, joined *ask.Joined) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.supplicant != nil {
		p.supplicant.stop()
	}
	begun := time.Now()
	var err error
	if p.supplicant, err = startSupplicant(p.radio, n); err != nil {
		return err
	}
	joined.In = p.supplicant.settled(n.Patience)
	joined.Why, joined.Took = p.supplicant.reason(), time.Since(begun)
	return nil
}

// Leave switches the phone's Wi-Fi off.
func (p *Phone) Leave(_ ask.Nothing, _ *ask.Nothing) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.supplicant != nil {
		p.supplicant.stop()
	}
	return nil
}

// Event waits for an event.
func (p *Phone) Event(e ask.Event, came *bool) error {
	*came = p.joining().await(e.Name, e.After, e.Patience)
	return nil
}

// Events answers with how many events of a name there were.
func (p *Phone) Events(name string, count *int) error {
	*count = p.joining().count(name)
	return nil
}

// In answers whether the phone is in a network.
func (p *Phone) In(_ ask.Nothing, in *bool) error {
	*in = p.joining().in()
	return nil
}

func (p *Phone) joining() *supplicant {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.supplicant
}

// Address asks for an address, and takes it.
func (p *Phone) Address(_ ask.Nothing, lease *ask.Lease) error {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client, err := nclient4.New(p.radio, nclient4.WithTimeout(2*time.Second), nclient4.WithRetry(10))
	if err != nil {
		return err
	}
	defer client.Close()
	got, err := client.Request(ctx, dhcpv4.WithRequestedOptions(dhcpv4.GenericOptionCode(114)))
	if err != nil {
		return err
	}
	ack := got.ACK
	if len(ack.Router()) == 0 || len(ack.DNS()) == 0 {
		return fmt.Errorf("it lacks a router or a name server: %v", ack.Summary())
	}
	router, dns := ack.Router()[0], ack.DNS()[0]
	link, err := netlink.LinkByName(p.radio)
	if err != nil {
		return err
	}
	address := &netlink.Addr{IPNet: &net.IPNet{IP: ack.YourIPAddr, Mask: ack.SubnetMask()}}
	if err := netlink.AddrReplace(link, address); err != nil {
		return err
	}
	if err := netlink.RouteReplace(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: router}); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dns = dns.String()
	*lease = ask.Lease{
		Address: address.String(), Router: router.String(), DNS: p.dns,
		Portal: string(ack.Options.Get(dhcpv4.GenericOptionCode(114))), Took: time.Since(begun),
	}
	return nil
}
