package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"warren/chatd/session"
)

// Times of one request; a WebSocket has its own from its first frame on
// (helloTimeout, and package session). A header comes in one packet, or two on
// a bad radio; a form in a few more. The page is 100 kB: 30 seconds are for the
// slowest link that a chat is still one on. A browser asks for all of the page
// within a second, and keeps its connections in case there is more.
const (
	headerTimeout  = 5 * time.Second
	requestTimeout = 10 * time.Second
	answerTimeout  = 30 * time.Second
	idleTimeout    = 60 * time.Second

	// maxHeader is far more than what browsers send, which is 1 kB, and the
	// cookies of /basic.
	maxHeader = 16 << 10
)

// spareConnections are the TCP connections that there may be beyond all
// WebSockets: a third of 231 phones loading the page at one time, with six
// connections each. With 2,048 WebSockets they stay well below the 4,096 files
// that Linux lets a process open if nobody says otherwise.
const spareConnections = 512

// paced refuses requests of an address that asks for far more than browsers do:
// it shall not have all of the machine's time.
func paced(requests *buckets, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.take(addressOf(r.RemoteAddr)) > 0 {
			refusals.WithLabelValues("slow_down").Inc()
			guard(w.Header(), "'none'")
			w.Header().Set("Connection", "close") // what else it has asked on it is not read
			w.Header().Set("Retry-After", "1")
			http.Error(w, "Your address asks too often: wait a second.", http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Serve takes connections from listener, as many as Limits says, until Shutdown
// is called, and returns nil then. Call it once.
func (g *Gateway) Serve(listener net.Listener) error {
	err := g.server.Serve(newBounded(listener, g.Limits))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// requestsTime is how long a shutdown waits for requests that are being answered: a
// page on a slow link, or the message in a form. Some never are: an upload that
// stands still, or a connection that a browser has opened in case it needs one.
const requestsTime = 3 * time.Second

// Shutdown ends Serve: it tells all phones to reconnect, gives requests
// requestsTime to be answered, and waits until all phones have been told and have
// gone. Neither has to wait for the other. After requestsTime and session.EndTime
// it returns in any case, and when ctx ends; the error says that not all have gone.
func (g *Gateway) Shutdown(ctx context.Context) error {
	g.sessions.Close()
	requests, cancel := context.WithTimeout(ctx, requestsTime)
	defer cancel()
	if g.server.Shutdown(requests) != nil {
		g.server.Close()
	}
	// Also those whose requests became sessions meanwhile.
	sessions, cancel := context.WithTimeout(ctx, session.EndTime)
	defer cancel()
	return g.sessions.Wait(sessions)
}

// bounded is a listener that resets connections of which there are too many,
// before they cost more than the system calls for it: no goroutine, no buffer.
// What has been let in has its times above; so whoever opens thousands holds
// but a few, and only those of its own address.
type bounded struct {
	net.Listener
	seats *seats
}

func newBounded(l net.Listener, limits Limits) *bounded {
	perAddress, inAll := 2*limits.AddressConnections, 0 // as many again: a browser has six beside its WebSockets
	if limits.Connections > 0 {
		inAll = limits.Connections + spareConnections
	}
	return &bounded{l, newSeats(perAddress, inAll)}
}

// Accept implements net.Listener.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err // net/http waits a little if there are no files left, and comes again
		}
		tcp := conn.(*net.TCPConn)
		address := addressOf(tcp.RemoteAddr().String())
		ok, addressFull := b.seats.take(address)
		if ok {
			connections.Inc()
			return &seated{tcp, sync.OnceFunc(func() { b.seats.leave(address); connections.Dec() })}, nil
		}
		why := "all"
		if addressFull {
			why = "address"
		}
		dropped.WithLabelValues(why).Inc()
		tcp.SetLinger(0) // a reset leaves nothing behind, here or there
		tcp.Close()
	}
}

// seated is a connection that is counted until it is closed. It is a TCPConn in
// all else: several buffers are still one system call.
type seated struct {
	*net.TCPConn
	leave func()
}

func (s *seated) Close() error {
	defer s.leave()
	return s.TCPConn.Close()
}
