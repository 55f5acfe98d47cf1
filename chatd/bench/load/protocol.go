package load

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// A protocol is how a chat server is spoken to. It is not needed to understand
// what comes: the messages are found in whatever they come in (nextText).
type protocol interface {
	// subprotocol is offered and must be chosen; "" is none.
	subprotocol() string

	// address is where client i of a run connects to.
	address(u *url.URL, run string, i int) *url.URL

	// hello are the texts to say when the connection is open. After each, what
	// the server says is given to answered, until that returns true or an error.
	hello(u *url.URL, run string, i int) []string
	answered(step int, payload []byte) (bool, error)

	// say appends what is sent to say text.
	say(dst []byte, run string, s stamp, text []byte) []byte

	// refused reports whether the server says that it did not take a message.
	refused(payload []byte) bool
}

// Protocols are the names of those that are known.
var Protocols = []string{"warren", "text", "stomp"}

// protocolOf returns a protocol by its name.
func protocolOf(name, destination string) (protocol, error) {
	switch name {
	case "warren":
		return warren{}, nil
	case "text":
		return text{}, nil
	case "stomp":
		return stomp{destination}, nil
	}
	return nil, fmt.Errorf("there is no protocol %.20q: %s are known", name, strings.Join(Protocols, ", "))
}

// name is what client i calls itself: the same length for all, so that bytes
// can be compared.
func name(i int) string { return string(appendDigits([]byte("guest-"), int64(i), senderDigits)) }

// text is the protocol of the talk: a text frame in is a message, and a message
// is a text frame out.
type text struct{}

func (text) subprotocol() string { return "" }

func (text) address(u *url.URL, _ string, i int) *url.URL {
	q := u.Query()
	q.Set("name", name(i))
	with := *u
	with.RawQuery = q.Encode()
	return &with
}

func (text) hello(*url.URL, string, int) []string                  { return nil }
func (text) answered(int, []byte) (bool, error)                    { return true, nil }
func (text) refused(payload []byte) bool                           { return bytes.HasPrefix(payload, []byte("* ")) }
func (text) say(dst []byte, _ string, _ stamp, text []byte) []byte { return append(dst, text...) }

// warren is warren.v1: docs/protocol.md.
type warren struct{}

func (warren) subprotocol() string                          { return "warren.v1" }
func (warren) address(u *url.URL, _ string, _ int) *url.URL { return u }

func (warren) hello(_ *url.URL, run string, i int) []string {
	return []string{fmt.Sprintf(`{"type":"hello","device":"warren-bench-%s-%d","name":%q,"history":0}`, run, i, name(i))}
}

func (warren) answered(_ int, payload []byte) (bool, error) {
	if bytes.HasPrefix(payload, []byte(`{"type":"bye"`)) || bytes.HasPrefix(payload, []byte(`{"type":"refused"`)) {
		return false, fmt.Errorf("the server says %.200s", payload)
	}
	return bytes.HasPrefix(payload, []byte(`{"type":"welcome"`)), nil
}

func (warren) refused(payload []byte) bool {
	return bytes.HasPrefix(payload, []byte(`{"type":"refused"`))
}

func (warren) say(dst []byte, run string, s stamp, text []byte) []byte {
	dst = append(dst, `{"type":"say","ref":"`...)
	dst = append(append(dst, run...), '-')
	dst = append(strconv.AppendInt(dst, int64(s.sender), 10), '-')
	dst = strconv.AppendInt(dst, int64(s.seq), 10)
	dst = append(dst, `","text":"`...)
	return append(append(dst, text...), `"}`...) // nothing in it has to be escaped
}
