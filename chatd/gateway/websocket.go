package gateway

import (
	"net/http"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"warren/chatd/session"
)

// maxFarewells is how many connections too many may be told so at a time. A
// browser shows its page a close code but not an HTTP status; beyond this
// number it gets the status all the same.
const maxFarewells = 64

// upgrader keeps connections small: for reading 256 bytes, in which a message
// of a hundred is whole, and a longer one takes another read; and none for
// writing, as sessions write frames made elsewhere.
var upgrader = websocket.Upgrader{
	ReadBufferSize:  256,
	WriteBufferPool: &sync.Pool{},
	Subprotocols:    []string{Subprotocol},
	CheckOrigin:     func(*http.Request) bool { return true }, // checked before, with a better sentence
}

// websocket opens a session: of the JSON protocol if the client offers it, of
// plain text otherwise.
func (g *Gateway) websocket(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		http.Error(w, "This address is for WebSockets: see docs/protocol.md, or open the page at /.", http.StatusUpgradeRequired)
		return
	}
	if !g.hosts.sameOrigin(r) {
		http.Error(w, "A page from another origin may not join. If it should, start chatd with -hosts and the name of its host.", http.StatusForbidden)
		return
	}
	address := addressOf(r.RemoteAddr)
	ok, addressFull := g.seats.take(address)
	if !ok {
		g.turnAway(w, r, addressFull)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		g.seats.leave(address) // Upgrade has answered
		return
	}
	s, host := session.New(conn), g.isHost(r)
	if slices.Contains(websocket.Subprotocols(r), Subprotocol) {
		p := newJSONPhone(g, s, address, host)
		g.sessions.Go(s, p, func() { p.left(); g.seats.leave(address) })
	} else {
		p := newTextPhone(g, s, address, host, r.URL.Query())
		g.sessions.Go(s, p, func() { p.left(); g.seats.leave(address) })
	}
}

// turnAway says that there is no seat.
func (g *Gateway) turnAway(w http.ResponseWriter, r *http.Request, addressFull bool) {
	code, why := session.ServerFull, "the room is full: come back later"
	if addressFull {
		code, why = session.AddressFull, "too many connections from your address: close some"
	}
	select {
	case g.farewells <- struct{}{}:
	default:
		http.Error(w, why, http.StatusServiceUnavailable)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		<-g.farewells
		return
	}
	s := session.New(conn)
	s.Close(code, why)
	var p session.Protocol = &textPhone{}
	if slices.Contains(websocket.Subprotocols(r), Subprotocol) {
		p = &jsonPhone{}
	}
	g.sessions.Go(s, p, func() { <-g.farewells })
}
