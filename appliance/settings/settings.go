// Package settings is what the host of a room writes into warren.toml on the
// boot partition of the card: one struct, its defaults, the file as it is
// shipped, and how it is read.
//
// The hotspot always comes up. A mistake in the file costs the one setting it
// is in, which keeps its last good value, or its default; it becomes a Mistake,
// a sentence for the host.
package settings

import (
	"fmt"
	"log/slog"
	"strings"
)

// FileName is the name of the file on the boot partition. FAT does not tell
// upper from lower case.
const FileName = "warren.toml"

// Settings are all that a host can set. Those that Default, Parse and Load
// return are valid: each field is within the range given here, so that what is
// made of it (a configuration file, a command) needs no second check.
type Settings struct {
	Room   Room
	WiFi   WiFi
	LED    LED
	Screen Screen
	Broker Broker
	Update Update
	Card   Card
}

// Room is the section [room].
type Room struct {
	// Title is the room's title, as chat.CleanName returns it.
	Title string

	// HostCode makes whoever knows it the host: as hostcode.Check wants it;
	// or empty: the one that the card has made; or NoHost: nobody can be the
	// host. It is a secret.
	HostCode string

	// KeepMB is how much of the log stays on the card, in MiB: 8 to 1024.
	// Whoever makes the log takes less if the card has not that much room.
	KeepMB int
}

// WiFi is the section [wifi].
type WiFi struct {
	// Name is the SSID: 1 to 32 bytes of UTF-8 without control characters,
	// which neither begins nor ends with a space.
	Name string

	// Passphrase is the WPA2 passphrase: 8 to 63 printable ASCII characters
	// (space to ~), or empty: the Wi-Fi is open. It is a secret.
	Passphrase string

	// Country is where the card is used: a code of ISO 3166-1 alpha-2 in
	// upper case, or empty: not known.
	Country string

	// Channel is the 2.4 GHz channel: 1 to 11, and 12 and 13 in a Country
	// that allows them.
	Channel int

	// Interface is the network interface that serves the guests: a name of 1
	// to 15 letters, digits, '.', '_' and '-' that begins with a letter or
	// digit.
	Interface string

	// Internet says what the card does with what phones try on an internet,
	// which is not there: InternetRefuse or InternetDrop.
	Internet string
}

// What becomes of phones' https, Apple's push service and QUIC: TCP 443 and
// 5223, UDP 443.
const (
	InternetRefuse = "refuse" // at once
	InternetDrop   = "drop"   // without an answer
)

// LED is the section [led].
type LED struct {
	// Light is what blinks, as light.Open takes it: "none", "GPIO0" to
	// "GPIO27", or the name of an LED of the kernel. The machine may not have
	// it.
	Light string
}

// Screen is the section [screen].
type Screen struct {
	// Show is what a display shows, one of Shows.
	Show string

	// Language is that of the screen's own words, one of spoken.Languages.
	Language string
}

// What a display shows.
const (
	ShowRoom = "room" // how to come in, how the card is, and what was said last
	ShowJoin = "join" // the same without what was said
	ShowOff  = "off"  // the kernel's messages
)

// Shows are all of them.
var Shows = []string{ShowRoom, ShowJoin, ShowOff}

// Broker is the section [broker].
type Broker struct {
	// URL is the RabbitMQ to use, amqp:// or amqps://, or several with commas
	// between, the nodes of a cluster; or empty: the card's own. It may hold
	// passwords, and is a secret.
	URL string

	// CA is the name of a file on the boot partition: 1 to 64 bytes, without a
	// folder; or empty. The certificate of URL's broker must be by an authority in it.
	CA string
}

// Update is the section [update].
type Update struct {
	// From says by which way a new system may be sent: UpdateFromEthernet or
	// UpdateFromAnywhere. Whoever sends one needs the host's code in any case.
	From string
}

// Card is the section [card].
type Card struct {
	// DataGB is how large the partition for data may become when the card is
	// started, in GiB: 1 to 512. It is as large as the card if that is smaller, and
	// never becomes smaller.
	DataGB int
}

// Where a new system may come from.
const (
	UpdateFromEthernet = "ethernet" // from where the guests are not: nowhere, if they are on the Ethernet
	UpdateFromAnywhere = "anywhere" // from among the guests, too
)

// Default returns the settings of a card whose host has written nothing, which
// are those in the image. No secret is in them.
//
// The passphrase is the one of the talk, twice, because WPA2 refuses six
// characters. The country is empty, because nobody but the host knows it;
// channel 6 is allowed in every country.
func Default() Settings {
	return Settings{
		Room: Room{Title: "rabbit", KeepMB: 64},
		WiFi: WiFi{Name: "rabbit", Passphrase: "carrotcarrot", Channel: 6, Interface: "wlan0", Internet: InternetRefuse},
		LED:  LED{Light: "ACT"},
		// A display has no browser to say what its readers speak.
		Screen: Screen{Show: ShowRoom, Language: "en"},
		// A host may have chosen a code that guests can guess, or keep the host
		// from using by trying others.
		Update: Update{From: UpdateFromEthernet},
		// Room for the largest log and all pictures, several times. More costs: ext4
		// writes a 64th of what is added, in the background of the first hours.
		Card: Card{DataGB: 8},
	}
}

// check returns what is wrong with s: nothing, for valid settings.
func (s Settings) check() []error {
	var wrong []error
	for _, k := range keys {
		if err := k.check(&s); err != nil {
			wrong = append(wrong, fmt.Errorf("%s.%s: %w", k.section, k.name, err))
		}
	}
	if err := checkChannel(s.WiFi.Channel, s.WiFi.Country); err != nil {
		wrong = append(wrong, err)
	}
	return wrong
}

// String returns the settings in one line without their secrets, for a log.
func (s Settings) String() string {
	var b strings.Builder
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(' ')
		}
		value := k.format(&s)
		if k.secret && value != `""` {
			value = "(secret)"
		}
		fmt.Fprintf(&b, "%s.%s=%s", k.section, k.name, value)
	}
	return b.String()
}

// LogValue implements slog.LogValuer, so that no secret gets into a log.
func (s Settings) LogValue() slog.Value { return slog.StringValue(s.String()) }
