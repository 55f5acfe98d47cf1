// Package firewall is what guests may reach on the card: addresses (DHCP),
// names (DNS), the portal (80) and the chat (8081), by IPv4, and a ping.
// All else is refused at once, so that a phone that tries https gives up and
// does not wait; or, for what phones try on an internet, is not answered.
// Nothing is forwarded from one network to another.
package firewall

import (
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

const (
	tableName = "warren"

	dhcpPort, dnsPort, portalPort, chatPort = 67, 53, 80, 8081

	// UpdatePort is where the card takes a new system.
	UpdatePort = 8082
)

// internetPorts are what phones try on an internet by themselves: https, the push
// service of Apple's, and QUIC (RFC 9000), which is https by UDP.
var internetPorts = []struct {
	proto byte
	port  uint16
}{{unix.IPPROTO_TCP, 443}, {unix.IPPROTO_TCP, 5223}, {unix.IPPROTO_UDP, 443}}

// Refusals are answers to packets that may come as fast as the radio lets them.
// A phone whose probes fail opens up to a few dozen connections at once: 500 a
// second are twenty phones doing that. The kernel itself answers one address
// with one ICMP error a second (icmp_ratelimit), so 100 are plenty. Over the
// limit a packet is dropped.
const (
	tcpRefusals = 500
	udpRefusals = 100
	pingAnswers = 100
)

// Rules are who the guests are, and what else they may do.
type Rules struct {
	Guests  string // their network interface, which need not be there yet
	Updates bool   // may reach UpdatePort

	// DropInternet: what phones try on an internet (internetPorts) is dropped,
	// and not refused. A phone then waits until it gives up.
	DropInternet bool
}

// Set puts the rules in force, in place of earlier ones, in one step: there is
// no moment without. They stay when this process ends. What comes from other
// interfaces is let in.
func Set(r Rules) error {
	if r.Guests == "" || len(r.Guests) >= unix.IFNAMSIZ {
		return fmt.Errorf("the guests' network interface is called %q: it must be 1 to %d bytes", r.Guests, unix.IFNAMSIZ-1)
	}
	c, err := nftables.New()
	if err != nil {
		return failed(err)
	}
	table := &nftables.Table{Name: tableName, Family: nftables.TableFamilyINet}
	// To delete what may not be there it is made before; all in one
	// transaction.
	c.AddTable(table)
	c.DelTable(table)
	c.AddTable(table)
	drop := nftables.ChainPolicyDrop
	c.AddChain(&nftables.Chain{
		Table: table, Name: "forward", Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter, Policy: &drop,
	})
	input := c.AddChain(&nftables.Chain{
		Table: table, Name: "input", Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityFilter, Policy: &drop,
	})
	for _, rule := range r.input() {
		c.AddRule(&nftables.Rule{Table: table, Chain: input, Exprs: rule})
	}
	if err := c.Flush(); err != nil {
		return failed(err)
	}
	return nil
}

func failed(err error) error {
	hint := ""
	switch {
	case errors.Is(err, unix.EPERM):
		hint = ": only root may"
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.ENOENT):
		hint = ": this kernel seems to lack a part of nftables"
	}
	return fmt.Errorf("the firewall cannot be set, and without it guests are not let in: %w%s", err, hint)
}

// input are the rules for what comes to the card itself, in order; what none
// accepts or refuses is dropped.
func (r Rules) input() [][]expr.Any {
	rules := [][]expr.Any{
		{meta(expr.MetaKeyIIFNAME), is(expr.CmpOpNeq, name(r.Guests)), accept},
		// IPv6 is not served: no address, no names, no portal, and so nothing
		// that has to be watched twice.
		{meta(expr.MetaKeyNFPROTO), is(expr.CmpOpEq, []byte{unix.NFPROTO_IPV6}), verdict(expr.VerdictDrop)},
		port(unix.IPPROTO_UDP, dhcpPort),
		port(unix.IPPROTO_UDP, dnsPort),
		port(unix.IPPROTO_TCP, dnsPort),
		port(unix.IPPROTO_TCP, portalPort),
		port(unix.IPPROTO_TCP, chatPort),
	}
	if r.Updates {
		rules = append(rules, port(unix.IPPROTO_TCP, UpdatePort))
	}
	if r.DropInternet {
		for _, p := range internetPorts {
			rules = append(rules, to(p.proto, p.port, verdict(expr.VerdictDrop)))
		}
	}
	const echoRequest = 8 // RFC 792
	return append(rules,
		with(proto(unix.IPPROTO_ICMP), transport(0, 1), is(expr.CmpOpEq, []byte{echoRequest}), limit(pingAnswers), accept),
		// A connection begins with SYN alone. What else comes belongs to one
		// that the card began, or to none, and then the kernel refuses it.
		// Connections are not tracked: a guest could fill the table of them,
		// and that table serves RabbitMQ, too.
		with(proto(unix.IPPROTO_TCP), transport(13, 1), flags(syn|ack), is(expr.CmpOpNeq, []byte{syn}), accept),
		with(proto(unix.IPPROTO_TCP), limit(tcpRefusals), &expr.Reject{Type: unix.NFT_REJECT_TCP_RST}),
		with(proto(unix.IPPROTO_UDP), limit(udpRefusals), &expr.Reject{Type: unix.NFT_REJECT_ICMPX_UNREACH, Code: unix.NFT_REJECT_ICMPX_PORT_UNREACH}),
	)
}

// Flags of TCP, in byte 13 of its header: RFC 9293, 3.1.
const syn, ack = 0x02, 0x10

// An expression leaves its value in a register, and the next one looks at it.
const register = 1

var accept = verdict(expr.VerdictAccept)

func verdict(kind expr.VerdictKind) expr.Any { return &expr.Verdict{Kind: kind} }

func meta(key expr.MetaKey) expr.Any { return &expr.Meta{Key: key, Register: register} }

func is(op expr.CmpOp, value []byte) expr.Any {
	return &expr.Cmp{Op: op, Register: register, Data: value}
}

func transport(offset, length uint32) expr.Any {
	return &expr.Payload{Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: length, DestRegister: register}
}

func flags(mask byte) expr.Any {
	return &expr.Bitwise{SourceRegister: register, DestRegister: register, Len: 1, Mask: []byte{mask}, Xor: []byte{0}}
}

func limit(perSecond uint64) expr.Any {
	return &expr.Limit{Type: expr.LimitTypePkts, Unit: expr.LimitTimeSecond, Rate: perSecond, Burst: uint32(perSecond)}
}

func proto(number byte) []expr.Any {
	return []expr.Any{meta(expr.MetaKeyL4PROTO), is(expr.CmpOpEq, []byte{number})}
}

func with(first []expr.Any, then ...expr.Any) []expr.Any { return append(first, then...) }

// port accepts what goes to a port.
func port(number byte, port uint16) []expr.Any { return to(number, port, accept) }

// to does something with what goes to a port, whose number is at byte 2 of both
// UDP's and TCP's header.
func to(number byte, port uint16, then expr.Any) []expr.Any {
	return with(proto(number), transport(2, 2), is(expr.CmpOpEq, binaryutil.BigEndian.PutUint16(port)), then)
}

// name is a network interface's as the kernel compares it.
func name(s string) []byte {
	b := make([]byte, unix.IFNAMSIZ)
	copy(b, s)
	return b
}
