package settings

import (
	"fmt"
	"strconv"
)

// key is one setting: where it stands in the file and in Settings, what may be
// in it, and how the file explains it. A setting is either text or a number.
type key struct {
	section, name string
	help          string // what it is and what may be in it; lines of at most 78 bytes
	secret        bool   // nobody but its owner sees the value

	text  func(*Settings) *string
	clean func(string) (string, error) // the text as it is kept, or what would be right

	number      func(*Settings) *int
	least, most int
}

// sections are the sections of the file, in its order.
var sections = []string{"room", "wifi", "led", "screen", "broker", "update", "card"}

// keys are all settings, in the order of the file. No two have the same name,
// so that one that stands in the wrong section can be found by its name.
var keys = []*key{
	{
		section: "room", name: "title",
		text:  func(s *Settings) *string { return &s.Room.Title },
		clean: cleanTitle,
		help: `The name of the room, at the top of the page and on the wall: 1 to 24
characters.`,
	},
	{
		section: "room", name: "host_code", secret: true,
		text:  func(s *Settings) *string { return &s.Room.HostCode },
		clean: cleanHostCode,
		help: `The host's code: the page lets whoever types it look after the room. "" is the
code that this card makes for itself: once it has been started, HOST-CODE.TXT
beside this file has it. Or write your own: 6 to 32 of A to Z, a to z, 0 to 9
and -. "none" means that nobody can be the host.`,
	},
	{
		section: "room", name: "keep_mb",
		number: func(s *Settings) *int { return &s.Room.KeepMB },
		// The log is cut into files of 1 MiB and forgets whole ones: of less
		// than 8 one would be a large part. 1 GiB are some two million
		// messages, more than one room says.
		least: 8, most: 1024,
		help: `How much of what was said stays on the card, in megabytes: 8 to 1024. 64 are
more than 100,000 messages. When it is full the oldest go.`,
	},
	{
		section: "wifi", name: "name",
		text:  func(s *Settings) *string { return &s.WiFi.Name },
		clean: cleanSSID,
		help: `The name of the Wi-Fi, as phones list it: 1 to 32 bytes. A plain letter takes
one byte, an accented one two, an emoji four or more.`,
	},
	{
		section: "wifi", name: "passphrase", secret: true,
		text:  func(s *Settings) *string { return &s.WiFi.Passphrase },
		clean: cleanPassphrase,
		help: `What guests type to join the Wi-Fi: 8 to 63 plain letters, digits, spaces and
signs, without accents or emoji. "" means that it is open: no passphrase.`,
	},
	{
		section: "wifi", name: "country",
		text:  func(s *Settings) *string { return &s.WiFi.Country },
		clean: cleanCountry,
		help: `The country you are in: its two capital letters (ISO 3166-1), such as "DE" or
"US". Please set it: each country has its own rules for radios. "" means that
it is not known.`,
	},
	{
		section: "wifi", name: "channel",
		number: func(s *Settings) *int { return &s.WiFi.Channel },
		least:  1, most: maxChannel,
		help: `The channel of the Wi-Fi: 1 to 13. 1, 6 and 11 do not disturb each other. 12
and 13 need the country, and are not allowed in the US and some others.`,
	},
	{
		section: "wifi", name: "interface",
		text:  func(s *Settings) *string { return &s.WiFi.Interface },
		clean: cleanInterface,
		help: `Where the guests come in: "wlan0" is the Wi-Fi of the Pi itself; "eth0" is its
Ethernet port, with an access point of yours on the cable. At most 15 letters
and digits.`,
	},
	{
		section: "wifi", name: "internet",
		text:  func(s *Settings) *string { return &s.WiFi.Internet },
		clean: cleanInternet,
		help: `What phones get when they try the internet (https, QUIC, Apple's push), which
is not here: "refuse" tells them so at once, "drop" lets them wait. Change it
only if phones of one kind leave this Wi-Fi by themselves.`,
	},
	{
		section: "led", name: "light",
		text:  func(s *Settings) *string { return &s.LED.Light },
		clean: cleanLight,
		help: `What blinks with each message: "ACT" is the LED on the board, "GPIO17" (GPIO0
to GPIO27) an LED of yours on that pin, "none" nothing.`,
	},
	{
		section: "screen", name: "show",
		text:  func(s *Settings) *string { return &s.Screen.Show },
		clean: cleanShow,
		help: `What a display on HDMI shows: "room" is how to come in, how the card is, and
what was said last; "join" the same without what was said; "off" the messages
of the system.`,
	},
	{
		section: "screen", name: "language",
		text:  func(s *Settings) *string { return &s.Screen.Language },
		clean: cleanLanguage,
		help: `The language of the words on the display: "en", "de", "fr", "es", "pt", "ja",
"zh" or "ar". What guests say is shown as they say it.`,
	},
	{
		section: "broker", name: "url", secret: true,
		text:  func(s *Settings) *string { return &s.Broker.URL },
		clean: cleanURL,
		help: `"" is the RabbitMQ on this card. For one room on several cards, write here one
that all of them reach: "amqp://user:password@host:5672/", or amqps instead;
for a cluster all its nodes, with commas between, the nearest one first.`,
	},
	{
		section: "broker", name: "ca",
		text:  func(s *Settings) *string { return &s.Broker.CA },
		clean: cleanFileName,
		help: `For amqps with a certificate of your own authority: the name of a file beside
this one with the authority's certificate (PEM), such as "ca.pem". "" is for
those that everybody trusts.`,
	},
	{
		section: "update", name: "from",
		text:  func(s *Settings) *string { return &s.Update.From },
		clean: cleanUpdateFrom,
		help: `Where a new system may be sent from, by whoever knows the host's code:
"ethernet", or "anywhere", which is the guests' network, too. A card whose
guests come by Ethernet (interface = "eth0") takes none without "anywhere".`,
	},
	{
		section: "card", name: "data_gb",
		number: func(s *Settings) *int { return &s.Card.DataGB },
		// The file system is made so that it can grow a thousandfold, to 944 GiB.
		least: 1, most: 512,
		help: `How much of the card may be used for what is said, in gigabytes: 1 to 512.
It is taken when the card starts, as far as the card is that large, and never
given back.`,
	},
}

// findKey returns the setting of that name in that section, or nil.
func findKey(section, name string) *key {
	for _, k := range keys {
		if k.section == section && k.name == name {
			return k
		}
	}
	return nil
}

// wifiChannel is the one setting that depends on another.
var wifiChannel = findKey("wifi", "channel")

// check says what is wrong with the value in s, nil if nothing is.
func (k *key) check(s *Settings) error {
	if k.text == nil {
		return k.checkNumber(int64(*k.number(s)))
	}
	value := *k.text(s)
	cleaned, err := k.clean(value)
	if err == nil && cleaned != value {
		err = fmt.Errorf("it must be written %q", cleaned)
	}
	return err
}

// checkNumber says what is wrong with n, nil if nothing is.
func (k *key) checkNumber(n int64) error {
	if n < int64(k.least) || n > int64(k.most) {
		return fmt.Errorf("it must be %d to %d", k.least, k.most)
	}
	return nil
}

// copyValue gives the setting in to the value it has in from.
func (k *key) copyValue(to, from *Settings) {
	if k.text == nil {
		*k.number(to) = *k.number(from)
	} else {
		*k.text(to) = *k.text(from)
	}
}

// format returns the value in s as TOML. Quote writes TOML here: the two differ
// only in control characters and bad UTF-8, which no valid text has.
func (k *key) format(s *Settings) string {
	if k.text == nil {
		return strconv.Itoa(*k.number(s))
	}
	return strconv.Quote(*k.text(s))
}
