package load

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
)

// stomp is STOMP 1.2 over a WebSocket, as RabbitMQ's Web STOMP plugin speaks it.
// The user and the password are those of the URL. The destination is what all
// clients subscribe to and send to: an exchange of type fanout, such as the
// amq.fanout that every RabbitMQ has.
type stomp struct{ destination string }

// StompDestination is the usual destination.
const StompDestination = "/exchange/amq.fanout"

func (stomp) subprotocol() string                          { return "v12.stomp" }
func (stomp) address(u *url.URL, _ string, _ int) *url.URL { return u }

func (p stomp) hello(u *url.URL, _ string, _ int) []string {
	login, passcode := "guest", "guest"
	if u.User != nil {
		login = u.User.Username()
		passcode, _ = u.User.Password()
	}
	return []string{
		"CONNECT\naccept-version:1.2\nhost:/\nheart-beat:0,0\nlogin:" + login + "\npasscode:" + passcode + "\n\n\x00",
		"SUBSCRIBE\nid:0\nack:auto\nreceipt:in\ndestination:" + p.destination + "\n\n\x00",
	}
}

func (stomp) answered(step int, payload []byte) (bool, error) {
	payload = bytes.TrimLeft(payload, "\r\n")
	if bytes.HasPrefix(payload, []byte("ERROR")) {
		return false, fmt.Errorf("the server says %.200q", payload)
	}
	return bytes.HasPrefix(payload, []byte([]string{"CONNECTED", "RECEIPT"}[step])), nil
}

func (stomp) refused(payload []byte) bool { return bytes.HasPrefix(payload, []byte("ERROR")) }

func (p stomp) say(dst []byte, _ string, _ stamp, text []byte) []byte {
	dst = append(append(dst, "SEND\ndestination:"...), p.destination...)
	dst = strconv.AppendInt(append(dst, "\ncontent-type:text/plain\ncontent-length:"...), int64(len(text)), 10)
	return append(append(append(dst, "\n\n"...), text...), 0)
}
