// Package ask is what a test asks of a machine with simulated radios, and what
// it answers: JSON-RPC 1.0 (net/rpc/jsonrpc) on the machine's line. The agent in
// the machine serves Agent's methods, and each phone those of Phone, which are
// reached through Agent.Pass.
package ask

import (
	"encoding/json"
	"time"
)

// Nothing is no argument, or no answer.
type Nothing struct{}

// Start starts a program of the card, as gokrazy does; its log goes to the
// console.
type Start struct {
	Name string // for Stop
	Line []string
}

// Signal sends a signal to the programs of the card in whose command line Word
// is an argument. The answer is how many there are.
type Signal struct {
	Word   string
	Signal int
}

// RadioModule is the module of the simulated radios, a file on the card: whoever
// unloads it takes all radios away, and the phones have none any more.
const RadioModule = "/run/mac80211_hwsim.ko"

// Pass calls a method of a phone. Phones are numbered from 1.
type Pass struct {
	Phone  int
	Method string
	Args   json.RawMessage
}

// Network is a Wi-Fi for a phone to join; without a passphrase it is open.
type Network struct {
	Name, Passphrase string
	Patience         time.Duration
}

// Joined is how that went.
type Joined struct {
	In   bool
	Why  string // if not: the last reason that was given
	Took time.Duration
}

// Event waits for an event of wpa_supplicant's, such as CTRL-EVENT-CONNECTED.
type Event struct {
	After    int // so many events of this name there were already
	Name     string
	Patience time.Duration
}

// Lease is what DHCP gives.
type Lease struct {
	Address, Router, DNS string
	Portal               string // option 114
	Took                 time.Duration
}

// Lookup is a question to the name server that DHCP named.
type Lookup struct{ Name string }

// Found is its answer.
type Found struct {
	Addresses []string
	Took      time.Duration
}

// Request is one request by http. Redirects are not followed.
type Request struct {
	Method, URL string
	Header      map[string]string
}

// Response is the answer.
type Response struct {
	Status   int
	Location string
	Type     string
	Body     string
	Took     time.Duration
}

// Knock tries ports. UDP ports are asked with a few bytes.
type Knock struct {
	Network, Host string // udp, tcp
	Ports         []int
	Patience      time.Duration
}

// Knocked is what the ports said. Those that are in neither refused at once.
type Knocked struct {
	Open   []int // they took the connection, or answered
	Silent []int // they said nothing
	Took   time.Duration
}

// Enter goes to the chat, and stays there: when the line breaks it comes back.
type Enter struct{ URL, Name string }

// Say says a text in the chat.
type Say struct{ Text string }

// Heard waits until a text was said in the chat.
type Heard struct {
	Text     string
	Patience time.Duration
}
