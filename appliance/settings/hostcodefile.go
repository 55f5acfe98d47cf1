package settings

import (
	"fmt"
	"strings"

	"warren/chatd/hostcode"
)

// HostCodeName is the name of the file on the boot partition in which the owner
// of a card reads the host's code. The card is shipped with it, so that the code
// can be written in place.
const HostCodeName = "HOST-CODE.TXT"

// HostCodeBytes is the size of the file: one sector, which a card writes whole or
// not at all.
const HostCodeBytes = 512

// NoHost as Room.HostCode says that nobody can be the host.
const NoHost = "none"

// HostCodeFile returns what is in the file of a card whose settings have setting
// as Room.HostCode, and which has made code; "" for none yet.
func HostCodeFile(setting, code string) []byte {
	var text string
	switch {
	case setting == NoHost:
		text = `Nobody is the host of this card: warren.toml says host_code = "none".` + "\n"
	case setting != "":
		text = "The host's code of this card is host_code in warren.toml.\n"
	case code == "":
		text = `The host's code of this card is not made yet. The card makes it when it
starts for the first time, and writes it here. Put the card back into a
computer then, and open this file again.
`
	default:
		text = `The host's code of this card:

    ` + code + `

Whoever knows it is the host, at http://10.1.1.1:8081/host, and may send the
card a new system. Keep it from the guests.

To choose your own, write it into warren.toml, at host_code. To have a new one
made, delete the line with the code here, and the file warren/host-code on the
card's last partition (ext4).
`
	}
	return fmt.Appendf(nil, "%-*s\n", HostCodeBytes-1, strings.TrimRight(text, "\n"))
}

// HostCodeIn returns the code that a file of HostCodeFile has in a line of its
// own, or "".
func HostCodeIn(file []byte) string {
	for line := range strings.Lines(string(file)) {
		if word := strings.TrimSpace(line); hostcode.Check(word) == nil {
			return word
		}
	}
	return ""
}
