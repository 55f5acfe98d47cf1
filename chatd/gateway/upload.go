package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"warren/chatd/chat"
	"warren/chatd/picture"
)

// Uploads: what a phone posts is looked at and kept. A message then refers to it by
// its id.

const (
	// pictureEvery and pictureBurst bound what one address sends: six a minute,
	// after as many as somebody picks from an album at one time.
	pictureEvery = 10 * time.Second
	pictureBurst = 20

	// maxUploads is how many may be arriving at one time, with MaxBytes at most 20 MB
	// in memory. Others wait with their first bytes. With addressUploads of an address, it takes
	// twelve addresses to have all of them.
	maxUploads     = 24
	addressUploads = 2

	// An upload must have brought n bytes within uploadGrace and the time that n bytes take at
	// uploadRate, in bytes a second. The slowest link that a chat is still one on has 80 kbit/s. So the
	// largest picture has a minute, as the page waits for it, a radio may be silent for some seconds,
	// and whoever sends a byte now and then has a place for uploadGrace only.
	uploadGrace = 10 * time.Second
	uploadRate  = 8000

	// uploadWait is for a place among those that arrive.
	uploadWait = 10 * time.Second
)

// uploads bound what is posted.
type uploads struct {
	rates       *buckets // by address
	seats       *seats   // by address
	slots       chan struct{}
	wait, grace time.Duration
}

func newUploads() *uploads {
	return &uploads{
		rates: &buckets{rate: rate.Every(pictureEvery), burst: pictureBurst},
		seats: newSeats(addressUploads, 0),
		slots: make(chan struct{}, maxUploads),
		wait:  uploadWait, grace: uploadGrace,
	}
}

// arriving reads a body that must keep arriving: see uploadRate.
type arriving struct {
	body    io.Reader
	control *http.ResponseController
	until   time.Time // by when the next byte must be here
}

func (a *arriving) Read(p []byte) (n int, err error) {
	a.control.SetReadDeadline(a.until) // a server that cannot has its own times
	n, err = a.body.Read(p)
	a.until = a.until.Add(time.Duration(n) * time.Second / uploadRate)
	return n, err
}

// notPosted is why a picture is not taken: an HTTP status and a sentence.
type notPosted struct {
	status int
	text   string
	retry  time.Duration // 0: the same will not be taken later either
}

func (n *notPosted) Error() string { return n.text }

// postPicture keeps a picture, and answers with what a message needs to show it.
func (g *Gateway) postPicture(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	until := time.Now().Add(g.uploads.wait + g.uploads.grace + picture.MaxBytes*time.Second/uploadRate)
	control.SetReadDeadline(until) // a server that cannot has its own times
	control.SetWriteDeadline(until.Add(answerTimeout))

	id, width, height, err := g.takePicture(w, r)
	var no *notPosted
	if errors.As(err, &no) {
		refusals.WithLabelValues("picture").Inc()
		// A browser that is still sending when it is answered shows its page no
		// answer but a broken line.
		io.CopyN(io.Discard, r.Body, picture.MaxBytes)
		if no.retry > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(seconds(no.retry)))
		}
		http.Error(w, no.text, no.status)
		return
	}
	pictures.Inc()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	w.Write(marshal(struct {
		ID string `json:"id"`
		W  int    `json:"w"`
		H  int    `json:"h"`
	}{id, width, height}))
}

// takePicture reads and keeps the picture in a request. The error is a notPosted.
func (g *Gateway) takePicture(w http.ResponseWriter, r *http.Request) (id string, width, height int, err error) {
	address := addressOf(r.RemoteAddr)
	if no := g.pictureAllowed(r, address); no != nil {
		return "", 0, 0, no
	}
	if ok, _ := g.uploads.seats.take(address); !ok {
		return "", 0, 0, &notPosted{http.StatusTooManyRequests, "Your address is sending two pictures already: wait for one of them.", 2 * time.Second}
	}
	defer g.uploads.seats.leave(address)
	ctx, cancel := context.WithTimeout(r.Context(), g.uploads.wait)
	defer cancel()
	select {
	case g.uploads.slots <- struct{}{}:
		defer func() { <-g.uploads.slots }()
	case <-ctx.Done():
		return "", 0, 0, &notPosted{http.StatusServiceUnavailable, "Many people are sending pictures: try again in a moment.", 2 * time.Second}
	}
	body := http.MaxBytesReader(w, r.Body, picture.MaxBytes)
	data, err := io.ReadAll(&arriving{body, http.NewResponseController(w), time.Now().Add(g.uploads.grace)})
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return "", 0, 0, &notPosted{http.StatusRequestEntityTooLarge, fmt.Sprintf("The picture is too large: it may have %d bytes.", picture.MaxBytes), 0}
	} else if err != nil {
		return "", 0, 0, &notPosted{http.StatusRequestTimeout, "The picture did not arrive: the line was too slow, or broke.", time.Second}
	}
	width, height, err = picture.Check(data)
	switch {
	case errors.Is(err, picture.ErrTooLarge):
		return "", 0, 0, &notPosted{http.StatusRequestEntityTooLarge, sentence(err), 0}
	case err != nil:
		return "", 0, 0, &notPosted{http.StatusUnsupportedMediaType, sentence(err), 0}
	}
	if id, err = g.Pictures.Put(data); err != nil {
		g.Log.Warn("A picture cannot be kept", "err", err)
		return "", 0, 0, &notPosted{http.StatusInsufficientStorage, "The box cannot keep pictures now: its disk may be full.", 0}
	}
	return id, width, height, nil
}

// deviceHeader is where the page says which device posts a picture, as in hello. A
// program may leave it out; then it is nobody whom the host has sent out.
const deviceHeader = "X-Device"

// pictureAllowed says why nothing needs to be read: it is what a message with this
// picture would be refused for.
func (g *Gateway) pictureAllowed(r *http.Request, address string) *notPosted {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case g.Pictures == nil, g.boxNow() == boxUnkept:
		return &notPosted{http.StatusForbidden, "This room keeps no pictures.", 0}
	case media != "image/jpeg":
		return &notPosted{http.StatusUnsupportedMediaType, fmt.Sprintf("A picture must come as image/jpeg, not %.60q.", media), 0}
	case r.ContentLength > picture.MaxBytes:
		return &notPosted{http.StatusRequestEntityTooLarge, fmt.Sprintf("The picture is too large: it has %d bytes, and may have %d.", r.ContentLength, picture.MaxBytes), 0}
	case !g.open.Load() || !g.Room.Known():
		return &notPosted{http.StatusServiceUnavailable, "The room opens in a moment.", retryOpening}
	}
	if !g.isHost(r) {
		if no := g.guestForbidden(r.Header.Get(deviceHeader)); no != nil {
			return no
		}
	}
	if wait := g.uploads.rates.take(address); wait > 0 {
		return &notPosted{http.StatusTooManyRequests, "You are sending pictures faster than the room can look at them.", wait}
	}
	return nil
}

// guestForbidden says why a guest with that device, "" for an unknown one, may say
// no picture.
func (g *Gateway) guestForbidden(device string) *notPosted {
	switch s := g.Room.State(); {
	case s.Off:
		return &notPosted{http.StatusLocked, "The host has switched the chat off.", 0}
	case s.Locked:
		return &notPosted{http.StatusLocked, "The host has locked the room.", 0}
	case s.NoPictures:
		return &notPosted{http.StatusForbidden, "The host has turned pictures off.", 0}
	}
	if device == "" {
		return nil
	}
	switch id, err := chat.PersonID(device); {
	case err != nil:
		return &notPosted{http.StatusBadRequest, deviceHeader + " must be the device of hello: " + err.Error() + ".", 0}
	case g.Room.Kicked(id):
		return &notPosted{http.StatusLocked, sentence(errSentOut), 0}
	}
	return nil
}
