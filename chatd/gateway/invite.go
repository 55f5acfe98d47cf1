package gateway

import (
	"encoding/json"
	"html/template"
	"net/http"

	"warren/chatd/invite"
)

// How others come in: GET /qr/wifi.svg and /qr/chat.svg are the two QR codes,
// and /invite.json what they say. The poster and the wall show both.

// invitation is what a page that invites shows.
type invitation struct {
	Title              string
	WiFi               invite.WiFi // without a name: there is none of ours
	ChatURL            string
	JoinCode, ChatCode template.HTML
	Long               bool // the name and the passphrase do not fit in large print
}

// maxLarge is how many bytes of name and passphrase there is room for in large
// print: five lines of ten wide letters, on the shorter of the poster's sheets.
const maxLarge = 50

// invite sends a page that invites.
func (g *Gateway) invite(w http.ResponseWriter, r *http.Request, page leaf) {
	i := invitation{Title: g.title(), WiFi: g.WiFi, ChatURL: g.guestURL(r), Long: len(g.WiFi.Name)+len(g.WiFi.Passphrase) > maxLarge}
	join, err := invite.SVG(i.WiFi.Code())
	if err == nil {
		var open string
		open, err = invite.SVG(i.ChatURL)
		i.JoinCode, i.ChatCode = template.HTML(join), template.HTML(open)
	}
	if err != nil {
		http.Error(w, "There is no invitation: "+err.Error()+".", http.StatusInternalServerError)
		return
	}
	g.show(w, r, page, http.StatusOK, i)
}

// wifiCode is the code that makes a phone join the Wi-Fi.
func (g *Gateway) wifiCode(w http.ResponseWriter, _ *http.Request) {
	if g.WiFi.Name == "" {
		http.Error(w, "There is no Wi-Fi of this room: its guests are in your network.", http.StatusNotFound)
		return
	}
	sendCode(w, g.WiFi.Code())
}

// chatCode is the code that opens the room.
func (g *Gateway) chatCode(w http.ResponseWriter, r *http.Request) { sendCode(w, g.guestURL(r)) }

func sendCode(w http.ResponseWriter, text string) {
	svg, err := invite.SVG(text)
	if err != nil {
		http.Error(w, "There is no code: "+err.Error()+".", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte(svg))
}

// inviteWords is /invite.json.
type inviteWords struct {
	WiFi *wifiWords `json:"wifi,omitempty"`
	URL  string     `json:"url"`
}

type wifiWords struct {
	Name       string `json:"name"`
	Passphrase string `json:"passphrase"` // empty: it is open
}

func (g *Gateway) inviteWords(w http.ResponseWriter, r *http.Request) {
	words := inviteWords{URL: g.guestURL(r)}
	if g.WiFi.Name != "" {
		words.WiFi = &wifiWords{g.WiFi.Name, g.WiFi.Passphrase}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(words)
}
