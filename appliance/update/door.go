package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"warren/appliance/update/protocol"
	"warren/chatd/hostcode"
)

// wrongCodes is how many wrong codes a minute are told so, whoever sends them. Then
// no code is looked at that somebody has chosen, for it may be a word; while a host
// waits for it nothing is lost but a minute. One that the card has made opens all the
// same, so that nobody keeps its host out: at madeCodes a second its 40 bits last for
// 17 years on average, and who tries is not told by the answer whether it was looked at.
const (
	wrongCodes = 5
	madeCodes  = 1000
)

// stall is how long a sender may send nothing: more than Wi-Fi needs to come
// back, and little enough that the next try need not wait for it.
const stall = 30 * time.Second

// door answers over HTTP: see the package protocol.
type door struct {
	updater  *updater
	codeFile string // setup writes it: {"host-code": "…"}
	log      *slog.Logger
	nonces   *nonces
	wrong    *rate.Limiter
	made     *rate.Limiter
	salt     []byte
	stall    time.Duration

	mu  sync.Mutex
	of  string // the code that key is made of
	key protocol.Key
}

func newDoor(u *updater, codeFile string, log *slog.Logger) *door {
	d := &door{
		updater: u, codeFile: codeFile, log: log, nonces: newNonces(),
		wrong: rate.NewLimiter(rate.Every(time.Minute/wrongCodes), wrongCodes),
		made:  rate.NewLimiter(madeCodes, madeCodes),
		salt:  make([]byte, 16), stall: stall,
	}
	rand.Read(d.salt) // never fails
	return d
}

func (d *door) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.status)
	mux.HandleFunc("PUT /root", d.root)
	return ownHost(http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if err := d.updater.broken; err != nil {
			http.Error(w, "this card takes no updates: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	})))
}

func (d *door) status(w http.ResponseWriter, _ *http.Request) {
	s := d.updater.status()
	s.Challenge = d.challenge()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(s) // whoever is gone is gone
}

func (d *door) challenge() *protocol.Challenge {
	return &protocol.Challenge{Salt: d.salt, Iterations: protocol.Iterations, Nonce: d.nonces.make(time.Now())}
}

func (d *door) root(w http.ResponseWriter, r *http.Request) {
	err := d.take(w, r)
	if err == nil {
		return
	}
	// What else is sent is not waited for: without this the server would read
	// a body that is not too long, before it answers.
	http.NewResponseController(w).SetReadDeadline(time.Now())
	status := http.StatusInternalServerError
	for _, known := range []struct {
		err    error
		status int
	}{
		{errHeaders, http.StatusBadRequest}, {io.ErrUnexpectedEOF, http.StatusBadRequest},
		{errNoLength, http.StatusLengthRequired}, {errNotYet, http.StatusServiceUnavailable},
		{errNoCode, http.StatusForbidden}, {errNonce, http.StatusUnauthorized},
		{errWrongCode, http.StatusUnauthorized}, {errTooMany, http.StatusTooManyRequests},
		{errOnTrial, http.StatusConflict}, {errBusy, http.StatusConflict},
		{errTooLong, http.StatusRequestEntityTooLarge}, {errOther, http.StatusUnprocessableEntity},
		{os.ErrDeadlineExceeded, http.StatusRequestTimeout},
	} {
		if errors.Is(err, known.err) {
			status = known.status
			break
		}
	}
	http.Error(w, err.Error(), status)
}

// Why an update is not let in.
var (
	errHeaders   = errors.New("the announcement is wrong")
	errNoLength  = errors.New("the length must be announced, in Content-Length")
	errNotYet    = errors.New("the card has not read its settings yet: try again in a moment")
	errNoCode    = errors.New(`the card has no host code, so nobody can update it: write host_code = "" (one is made) or "…" (6 to 32 letters, digits and -) into [room] of warren.toml`)
	errWrongCode = errors.New("the host code is wrong: it is the one in HOST-CODE.TXT on the card, or host_code in its warren.toml if that is set")
	errTooMany   = errors.New("too many wrong host codes: wait a minute")
)

// take takes an update from whoever proves to know the code. Nothing of the body
// is read before that.
func (d *door) take(w http.ResponseWriter, r *http.Request) error {
	a, proof, err := protocol.Announced(r)
	if err != nil {
		return fmt.Errorf("%w: %w", errHeaders, err)
	}
	if a.Length < 0 {
		return errNoLength
	}
	if err := d.prove(a, proof); err != nil {
		d.log.Warn("an update was refused", "from", r.RemoteAddr, "why", err)
		return err
	}
	body := &patient{body: r.Body, left: a.Length, stall: d.stall, conn: http.NewResponseController(w)}
	// What has come is used, also if the sender is gone then.
	version, err := d.updater.receive(context.WithoutCancel(r.Context()), body, a)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]string{"version": version})
}

// prove checks the proof, and uses the nonce up.
func (d *door) prove(a protocol.Announcement, proof []byte) error {
	code, err := d.code()
	if err != nil {
		return err
	}
	key, err := d.keyOf(code)
	if err != nil {
		return err
	}
	return d.nonces.take(a.Nonce, time.Now(), func() error {
		tooMany := d.wrong.Tokens() < 1
		if tooMany && !(hostcode.Made(code) && d.made.Allow()) {
			return errTooMany // not even the right one: or it could be found
		}
		switch proven := key.Proves(a, proof); {
		case proven:
			return nil
		case tooMany:
			return errTooMany
		}
		d.wrong.Allow()
		return errWrongCode
	})
}

// code returns the host's code.
func (d *door) code() (string, error) {
	data, err := os.ReadFile(d.codeFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errNotYet
	}
	var settings struct {
		Code string `json:"host-code"`
	}
	if err == nil {
		err = json.Unmarshal(data, &settings)
	}
	if err != nil {
		return "", fmt.Errorf("read the host code: %w", err)
	}
	if settings.Code == "" {
		return "", errNoCode
	}
	return settings.Code, nil
}

// keyOf returns the key for proofs with a code. It is made once, when it is
// needed first: that takes a second or two.
func (d *door) keyOf(code string) (protocol.Key, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of == code {
		return d.key, nil
	}
	key, err := protocol.Challenge{Salt: d.salt, Iterations: protocol.Iterations}.Key(code)
	if err == nil {
		d.of, d.key = code, key
	}
	return key, err
}

// patient reads a body of that length as long as something comes now and then.
type patient struct {
	body  io.Reader
	left  int64
	stall time.Duration
	conn  *http.ResponseController
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.conn.SetReadDeadline(time.Now().Add(p.stall)); err != nil {
		return 0, err
	}
	n, err := p.body.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("nothing came for %v: %w", p.stall, err)
	}
	if p.left -= int64(n); p.left <= 0 {
		p.conn.SetReadDeadline(time.Time{}) // the rest is up to the card
	}
	return n, err
}
