package session

import "strconv"

// Code is a WebSocket close code. Those of the 4000s are Warren's own, and
// their hundreds tell a client what to do: 40xx reconnect at once and resume,
// 41xx slow down, 42xx do not come back unchanged.
type Code int

const (
	Normal       Code = 1000 // the client closed
	Unsupported  Code = 1003 // a binary frame
	InvalidUTF8  Code = 1007
	FrameTooBig  Code = 1009 // over MaxFrame; sent by gorilla/websocket
	Restart      Code = 4000 // the server ends: reconnect and resume
	TooSlow      Code = 4001 // the phone fell too far behind: reconnect and resume
	LogLost      Code = 4002 // the log was read afresh: reconnect and resume
	Flood        Code = 4100 // far too many frames: come back later
	AddressFull  Code = 4101 // too many connections from one address
	ServerFull   Code = 4102 // too many connections
	NoHello      Code = 4200 // no hello, or one that cannot be accepted
	SentOut      Code = 4201 // the host has sent this device out
	gone         Code = 1006 // never sent: the connection was lost
	noStatus     Code = 1005 // never sent: the client closed without a code
	protocolFail Code = 1002 // sent by gorilla/websocket
)

// label is the code as a metric's label. A client may close with any of 2,000
// codes: those that are not in the table are one.
func (c Code) label() string {
	switch c {
	case Normal, 1001, protocolFail, Unsupported, noStatus, gone, InvalidUTF8, FrameTooBig,
		Restart, TooSlow, LogLost, Flood, AddressFull, ServerFull, NoHello, SentOut:
		return strconv.Itoa(int(c))
	}
	return "other"
}
