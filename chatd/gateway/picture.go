package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"warren/chatd/chat"
	"warren/chatd/picture"
)

// Pictures: what a phone posts is looked at and kept, and served to everybody. A
// message then refers to it by its id.

const (
	// pictureEvery and pictureBurst bound what one address sends: six a minute,
	// after as many as somebody picks from an album at one time.
	pictureEvery = 10 * time.Second
	pictureBurst = 20

	// As many uploads at once as share the radio without being slow, and with
	// MaxBytes each take 1.6 MB. Others wait with their first bytes. Two of an
	// address: whoever sends a byte a second stops nobody else.
	maxUploads     = 4
	addressUploads = 2

	// uploadTime is for 300 kB over the slowest link that a chat is still one on,
	// 80 kbit/s; uploadWait for some others before it.
	uploadTime = 30 * time.Second
	uploadWait = 10 * time.Second
)

// uploads bound what is posted.
type uploads struct {
	rates      *buckets // by address
	seats      *seats   // by address
	slots      chan struct{}
	wait, time time.Duration
}

func newUploads() *uploads {
	return &uploads{
		rates: &buckets{rate: rate.Every(pictureEvery), burst: pictureBurst},
		seats: newSeats(addressUploads, 0),
		slots: make(chan struct{}, maxUploads),
		wait:  uploadWait, time: uploadTime,
	}
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
	until := time.Now().Add(g.uploads.wait + g.uploads.time)
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
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(g.uploads.time))
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, picture.MaxBytes))
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

// pictureAllowed says why nothing needs to be read.
func (g *Gateway) pictureAllowed(r *http.Request, address string) *notPosted {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case g.Pictures == nil, g.boxNow() == boxUnkept:
		return &notPosted{http.StatusForbidden, "This room keeps no pictures.", 0}
	case g.Room.State().NoPictures && !g.isHost(r):
		return &notPosted{http.StatusForbidden, "The host has turned pictures off.", 0}
	case media != "image/jpeg":
		return &notPosted{http.StatusUnsupportedMediaType, fmt.Sprintf("A picture must come as image/jpeg, not %.60q.", media), 0}
	case r.ContentLength > picture.MaxBytes:
		return &notPosted{http.StatusRequestEntityTooLarge, fmt.Sprintf("The picture is too large: it has %d bytes, and may have %d.", r.ContentLength, picture.MaxBytes), 0}
	case !g.open.Load():
		return &notPosted{http.StatusServiceUnavailable, "The room opens in a moment.", 2 * time.Second}
	}
	if wait := g.uploads.rates.take(address); wait > 0 {
		return &notPosted{http.StatusTooManyRequests, "You are sending pictures faster than the room can look at them.", wait}
	}
	return nil
}

// pictureAge is how long a browser may keep a picture: what has this id never
// changes.
const pictureAge = "private, max-age=31536000, immutable"

// getPicture serves a picture.
func (g *Gateway) getPicture(w http.ResponseWriter, r *http.Request) {
	id, isPicture := strings.CutSuffix(r.PathValue("name"), ".jpg")
	err := picture.ErrNone
	served, known := g.Room.Picture(id)
	if !known {
		w.Header().Set("Retry-After", "2")
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "The room opens in a moment.", http.StatusServiceUnavailable)
		return
	}
	if isPicture && chat.ValidPictureID(id) && g.Pictures != nil && served {
		var f io.ReadSeekCloser
		if f, err = g.Pictures.Get(id); err == nil {
			defer f.Close()
			h := w.Header()
			h.Set("Content-Type", "image/jpeg")
			h.Set("Cache-Control", pictureAge)
			h.Set("ETag", `"`+id+`"`)
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			http.ServeContent(w, r, "", time.Time{}, f)
			return
		}
	}
	if !errors.Is(err, picture.ErrNone) {
		g.Log.Warn("A picture cannot be read", "id", id, "err", err)
	}
	http.Error(w, sentence(err), http.StatusNotFound)
}

// watchPictures sees to it that the store holds the pictures of the room's log
// and no other's, until ctx ends.
func (g *Gateway) watchPictures(ctx context.Context) {
	for at := g.Room.Tail(); ; {
		if epoch := g.Room.Epoch(); epoch != "" {
			// Those of the card's own log stay for the day on which it can be written.
			kept := boxState(g.card()) != boxUnkept
			if kept {
				if err := g.Pictures.Belong(epoch); err != nil {
					g.Log.Warn("Pictures of an older log cannot be taken away", "err", err)
				}
			}
			g.open.Store(kept)
		}
		for lost := false; !lost; {
			select {
			case <-ctx.Done():
				return
			case <-at.Ready():
				at = at.Next()
				lost = at.Lost
			}
		}
	}
}
