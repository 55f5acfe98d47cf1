package invite

import "strings"

// WiFi is the Wi-Fi that a phone joins to reach the room.
type WiFi struct {
	Name       string // the SSID; empty: there is none of ours
	Passphrase string // of WPA2; empty: it is open
}

// Code returns what a QR code says that makes a phone join: "WIFI:T:WPA;S:…;P:…;;",
// or "WIFI:T:nopass;S:…;;" if it is open. No standard describes it; ZXing's wiki
// ("Barcode Contents") does, and the cameras of phones follow. WPA is the one
// word for WPA2 that all of them know. ZXing wants quotation marks around a name
// that could be hexadecimal digits; cameras take those for a part of the name,
// so there are none.
func (w WiFi) Code() string {
	if w.Passphrase == "" {
		return "WIFI:T:nopass;S:" + escapeField.Replace(w.Name) + ";;"
	}
	return "WIFI:T:WPA;S:" + escapeField.Replace(w.Name) + ";P:" + escapeField.Replace(w.Passphrase) + ";;"
}

// escapeField puts a backslash before what would end a field or begin another.
var escapeField = strings.NewReplacer(`\`, `\\`, `;`, `\;`, `,`, `\,`, `:`, `\:`, `"`, `\"`)
