package settings

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
	"warren/chatd/hostcode"
	"warren/chatd/spoken"
)

// The functions here return a text as it is kept, or an error that says what
// would be right. An error of a secret never has the secret in it.

func cleanTitle(s string) (string, error) {
	title, err := chat.CleanName(s)
	switch {
	case errors.Is(err, chat.ErrNameEmpty):
		return "", errors.New("it must have a letter, digit or sign that can be seen")
	case errors.Is(err, chat.ErrNameLong):
		return "", fmt.Errorf("it must be at most %d characters (and %d bytes)", chat.MaxNameGraphemes, chat.MaxNameBytes)
	}
	return title, err
}

func cleanHostCode(s string) (string, error) {
	switch {
	case s == "":
		return "", nil
	case strings.EqualFold(s, NoHost):
		return NoHost, nil
	}
	if err := hostcode.Check(s); err != nil {
		return "", fmt.Errorf(`%w; or "" for the card's own code, in %s, or %q for no host`, err, HostCodeName, NoHost)
	}
	return s, nil
}

// maxSSID is the longest SSID in bytes: IEEE 802.11-2020, 9.4.2.2. The standard
// allows any bytes. Spaces at the ends and control characters do not show in a
// phone's list, so they are accidents.
const maxSSID = 32

func cleanSSID(s string) (string, error) {
	switch {
	case s == "" || len(s) > maxSSID:
		return "", fmt.Errorf("it must be 1 to %d bytes, and has %d (an accented letter takes two, an emoji four or more)", maxSSID, len(s))
	case strings.ContainsFunc(s, unicode.IsControl):
		return "", errors.New("it must be in one line and without control characters")
	case strings.TrimSpace(s) != s:
		return "", errors.New("it must not begin or end with a space")
	}
	return s, nil
}

// Limits of a WPA2 passphrase: IEEE 802.11-2020, J.4.1: 8 to 63 ASCII
// characters from 32 to 126. hostapd and phones refuse all others. hostapd
// would take 64 hexadecimal digits as the key itself (wpa_psk); phones differ
// in that, the QR code for joining has no way to say it, and nobody types it.
const minPassphrase, maxPassphrase = 8, 63

var rawKey = regexp.MustCompile(`^[0-9A-Fa-f]{64}$`)

func cleanPassphrase(s string) (string, error) {
	switch {
	case s == "":
		return s, nil
	case s == "carrot":
		return "", errors.New("WPA2 needs at least eight characters and carrot has six: carrotcarrot would do")
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }):
		return "", errors.New("it must be plain letters, digits, spaces and signs, without accents or emoji (printable ASCII)")
	case rawKey.MatchString(s):
		return "", errors.New("64 hexadecimal digits are a raw key, which not every phone takes: it must be a passphrase of 8 to 63 characters")
	case len(s) < minPassphrase || len(s) > maxPassphrase:
		return "", fmt.Errorf(`WPA2 needs %d to %d characters, and this has %d; "" makes the Wi-Fi open`, minPassphrase, maxPassphrase, len(s))
	}
	return s, nil
}

// A name of a network interface has at most IFNAMSIZ-1 = 15 bytes
// (linux/if.h). The kernel (dev_valid_name in net/core/dev.c) only refuses
// spaces, '/', ':' and the names . and ..; what is allowed here is what real
// interfaces are called, so that a name means nothing else where it goes into a
// configuration file.
var interfaceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$`)

func cleanInterface(s string) (string, error) {
	if !interfaceName.MatchString(s) {
		return "", errors.New(`it must be a network interface such as "wlan0" or "eth0": 1 to 15 letters, digits, dots, - and _`)
	}
	return s, nil
}

// ledName is the name of an LED of the kernel: at most 63 bytes
// (LED_MAX_NAME_SIZE in linux/uleds.h), and part of a path.
var ledName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:._-]{0,62}$`)

// maxGPIO is the last line on the 40 pins of a Raspberry Pi. Those after it are
// wired on the board, to the card itself among others.
const maxGPIO = 27

// cleanLight knows the words of light.Open, and not what this machine has.
// light.Open's "terminal" is no light here: the card has none.
func cleanLight(s string) (string, error) {
	const prefix = "GPIO"
	right := fmt.Errorf(`it must be "ACT", "none", "GPIO" and a number up to %d such as "GPIO17", or the name of another LED of the kernel`, maxGPIO)
	switch {
	case strings.EqualFold(s, "none"):
		return "none", nil
	case len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix):
		n, err := strconv.ParseUint(s[len(prefix):], 10, 16)
		if err != nil || n > maxGPIO {
			return "", right
		}
		return prefix + strconv.FormatUint(n, 10), nil
	case strings.EqualFold(s, "terminal"), strings.Trim(s, "0123456789") == "", !ledName.MatchString(s):
		return "", right
	}
	return s, nil
}

func cleanShow(s string) (string, error) { return oneOf(s, Shows) }

func cleanLanguage(s string) (string, error) { return oneOf(s, spoken.Languages) }

// oneOf takes one of some words, however its letters are written.
func oneOf(s string, words []string) (string, error) {
	for _, right := range words {
		if strings.EqualFold(s, right) {
			return right, nil
		}
	}
	last := len(words) - 1
	return "", fmt.Errorf(`it must be "%s" or %q`, strings.Join(words[:last], `", "`), words[last])
}

// cleanURL takes one URL, or several with commas between: those of the nodes of
// a cluster. It uses the very parser of the client that will dial them. That one
// takes a URL without a host to mean this machine, where no other RabbitMQ is.
func cleanURL(s string) (string, error) {
	if s == "" {
		return s, nil
	}
	urls := strings.Split(s, ",")
	for i, one := range urls {
		one = strings.TrimSpace(one)
		urls[i] = one
		if err := checkURL(one); err != nil {
			if len(urls) > 1 {
				err = fmt.Errorf("URL %d of %d: %w", i+1, len(urls), err)
			}
			return "", err
		}
	}
	return strings.Join(urls, ","), nil
}

func checkURL(s string) error {
	u, err := url.Parse(s)
	if err == nil && u.Scheme != "amqp" && u.Scheme != "amqps" {
		return errors.New("it must begin with amqp:// or amqps://")
	}
	uri, amqpErr := amqp.ParseURI(s)
	if err != nil || amqpErr != nil || u.Hostname() == "" || uri.Port < 1 || uri.Port > 65535 {
		return errors.New("it must be like amqp://user:password@host:5672/, where a sign such as @ / : # % or a comma in the password is written %40 %2F %3A %23 %25 %2C")
	}
	return nil
}

func cleanUpdateFrom(s string) (string, error) {
	return cleanChoice(s, UpdateFromEthernet, UpdateFromAnywhere)
}

func cleanInternet(s string) (string, error) { return cleanChoice(s, InternetRefuse, InternetDrop) }

// cleanChoice takes one of two words.
func cleanChoice(s, one, other string) (string, error) {
	for _, right := range []string{one, other} {
		if strings.EqualFold(s, right) {
			return right, nil
		}
	}
	return "", fmt.Errorf("it must be %q or %q", one, other)
}

// maxFileName is the longest name of a file here, in bytes.
const maxFileName = 64

// cleanFileName is of a file on the boot partition, beside warren.toml.
func cleanFileName(s string) (string, error) {
	if len(s) > maxFileName || strings.ContainsFunc(s, unicode.IsControl) || strings.ContainsAny(s, `/\:*?"<>|`) || strings.Trim(s, ". ") != s {
		return "", fmt.Errorf("it must be the name of a file beside %s, such as \"ca.pem\": at most %d bytes, and no folder", FileName, maxFileName)
	}
	return s, nil
}
