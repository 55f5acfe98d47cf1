// Package gateway is the room's doors: the WebSocket endpoint with its two
// protocols, the page, the page without JavaScript, health and metrics.
package gateway

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"warren/chatd/chat"
	"warren/chatd/export"
	"warren/chatd/invite"
	"warren/chatd/picture"
	"warren/chatd/room"
	"warren/chatd/session"
)

// Config is what a gateway needs.
type Config struct {
	Room    *room.Room
	Limits  Limits
	Hosts   []string // further names the server answers to, besides the machine's own
	Title   string   // of the room, unless its host gives it another
	Version string

	// HostCode makes whoever knows it the host, as hostcode.Check wants it.
	// Empty: nobody is.
	HostCode string

	// Pictures are those that messages may have; nil: none can be sent.
	Pictures *picture.Store

	// WiFi is what guests join, for the poster; without a name there is none
	// of ours. ChatURL is what they open then; empty: the address by which
	// the poster is asked for.
	WiFi    invite.WiFi
	ChatURL string

	// StatusDir is where the other daemons of a card say how they are; empty:
	// there are none.
	StatusDir string

	Clock func() chat.Stamp
	Log   *slog.Logger
}

// Gateway serves one room over HTTP. Its methods may be called concurrently.
type Gateway struct {
	Config
	boxState  atomic.Value // a string: how the box is
	open      atomic.Bool  // the picture store knows which log it belongs to
	hosts     *hosts
	hostKey   *hostKey // nil: nobody is the host
	guesses   *guesses
	page      page
	seats     *seats
	farewells chan struct{}
	uploads   *uploads
	clock     *clock
	exporting chan struct{} // holds one of each transcript that is being written
	devices   *buckets      // messages by device
	addresses *buckets      // messages by address
	requests  *buckets      // of HTTP, by address
	sessions  *session.Registry
	handler   http.Handler
	server    *http.Server
}

// New returns a gateway.
func New(c Config) *Gateway {
	g := &Gateway{
		Config:    c,
		hosts:     newHosts(c.Hosts),
		hostKey:   newHostKey(c.HostCode),
		guesses:   newGuesses(),
		page:      thePage(),
		seats:     newSeats(c.Limits.AddressConnections, c.Limits.Connections),
		farewells: make(chan struct{}, maxFarewells),
		uploads:   newUploads(),
		clock:     newClock(),
		exporting: make(chan struct{}, maxExports),
		devices:   newBuckets(c.Limits.MessageRate),
		addresses: newBuckets(c.Limits.MessageRate * addressDevices),
		requests:  newBuckets(float64(c.Limits.AddressConnections) * connectionRequests),
		sessions:  session.NewRegistry(),
	}
	g.boxState.Store(boxState(g.card()))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /websocket", g.websocket)
	mux.HandleFunc("GET /basic", g.basicPage)
	mux.HandleFunc("POST /basic", g.basicSay)
	mux.HandleFunc("GET /status", g.statusPage)
	mux.HandleFunc("GET /poster", g.poster)
	mux.HandleFunc("GET /wall", g.wall)
	mux.HandleFunc("GET /qr/wifi.svg", g.wifiCode)
	mux.HandleFunc("GET /qr/chat.svg", g.chatCode)
	mux.HandleFunc("GET /invite.json", g.inviteWords)
	mux.HandleFunc("GET /host", g.hostPage)
	mux.HandleFunc("POST /host", g.hostEnter)
	mux.HandleFunc("POST /host/leave", g.hostLeave)
	for _, format := range []export.Format{export.HTML, export.Text, export.JSONLines} {
		mux.HandleFunc("GET /host/export."+format.String(), g.exports(format))
	}
	mux.HandleFunc("POST /picture", g.postPicture)
	mux.HandleFunc("GET /picture/{name}", g.getPicture)
	mux.HandleFunc("GET /healthz", g.healthz)
	mux.HandleFunc("GET /readyz", g.readyz)
	mux.Handle("GET /metrics", paced(newBuckets(metricsRate), metrics(c.StatusDir)))
	mux.Handle("GET /", g.page)
	g.handler = paced(g.requests, g.hosts.only(secure(http.NewCrossOriginProtection().Handler(mux))))
	g.server = newServer(g, c.Log)
	return g
}

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.handler.ServeHTTP(w, r) }

// Watch looks after the sessions, and tells them of the box, until ctx ends.
func (g *Gateway) Watch(ctx context.Context) {
	var watching sync.WaitGroup
	defer watching.Wait()
	if g.StatusDir != "" {
		watching.Go(func() { g.watchBox(ctx) })
	}
	if g.Pictures != nil {
		watching.Go(func() { g.watchPictures(ctx) })
	}
	watching.Go(func() { g.watchClock(ctx) })
	g.sessions.Watch(ctx, g.Room.Tail)
}

// secure sets the headers that keep the page what it is. The host has been
// checked.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Safari before 15.4 does not take 'self' for a WebSocket.
		guard(w.Header(), "'self' ws://"+r.Host+" wss://"+r.Host)
		next.ServeHTTP(w, r)
	})
}

// guard lets nothing from elsewhere run in what is sent, and nothing of it go
// elsewhere: its scripts may connect to these addresses only.
func guard(h http.Header, connect string) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
		"connect-src "+connect+"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	// Not "no-referrer": with that a browser sends "Origin: null" with a
	// form, and the page without JavaScript could not be told from a
	// stranger's (Fetch standard, "append a request Origin header").
	h.Set("Referrer-Policy", "same-origin")
}

// title is the room's: the one its host has given it, or the one it was started
// with.
func (g *Gateway) title() string { return cmp.Or(g.Room.State().Title, g.Title) }

// healthz says that the daemon is alive.
func (g *Gateway) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Write([]byte("alive\n"))
}

// readyz says whether the exchange is reached and the log consumed.
func (g *Gateway) readyz(w http.ResponseWriter, _ *http.Request) {
	if !g.Room.Up() {
		http.Error(w, "The exchange is away: the room shows its history, and keeps what is said until it is back.", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ready\n"))
}

// helloTimeout is the time for a first frame: a page sends it at once; the
// slowest link to a room needs a second.
const helloTimeout = 10 * time.Second
