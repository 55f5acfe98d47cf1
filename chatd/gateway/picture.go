package gateway

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"warren/chatd/chat"
	"warren/chatd/picture"
	"warren/chatd/room"
)

// Pictures: what was posted is served to everybody, as long as a message shows it.

// pictureAge is how long a browser may keep a picture: what has this id never
// changes.
const pictureAge = "private, max-age=31536000, immutable"

// retryOpening is when to try again what the room cannot do before it has read its log.
const retryOpening = 2 * time.Second

// visible knows which pictures are to be seen in the room.
type visible interface {
	// PictureServed reports whether a message that can be seen has this picture; known is false
	// as long as the log has not been read. It may be called concurrently.
	PictureServed(id string) (served, known bool)
}

// servable reports whether a picture may be shown: a message that can be seen has it;
// or none ever had, and it was posted here a while ago: whoever did sees it in the message
// that is not in the log yet.
func (g *Gateway) servable(id string) (served, known bool) {
	served, known = g.visible.PictureServed(id)
	if !served && g.Pictures.Fresh(id) {
		g.useAll(g.watched.Load()) // it may have been said, and hidden, a moment ago
		served = g.Pictures.Fresh(id)
	}
	return served, known
}

// getPicture serves a picture.
func (g *Gateway) getPicture(w http.ResponseWriter, r *http.Request) {
	id, isPicture := strings.CutSuffix(r.PathValue("name"), ".jpg")
	if !isPicture || !chat.ValidPictureID(id) || g.Pictures == nil {
		noPicture(w)
		return
	}
	served, known := g.servable(id)
	switch {
	case !known:
		pictureLater(w, "The room opens in a moment.")
		return
	case !served:
		noPicture(w)
		return
	}
	f, err := g.findPicture(r.Context(), id)
	switch {
	case errors.Is(err, picture.ErrNone):
		noPicture(w)
		return
	case err != nil:
		g.Log.Warn("A picture cannot be read", "id", id, "err", err)
		pictureLater(w, "This picture cannot be read now: try again in a moment.")
		return
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Cache-Control", pictureAge)
	h.Set("ETag", `"`+id+`"`)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	http.ServeContent(w, r, "", time.Time{}, f)
}

// findPicture opens a picture that may be shown, here or, if it is not here, once it
// has come from another daemon. The errors are those of picture.Store.Get and of fetch.
func (g *Gateway) findPicture(ctx context.Context, id string) (*os.File, error) {
	f, err := g.Pictures.Get(id)
	if errors.Is(err, picture.ErrNone) && g.open.Load() {
		if err = g.fetches.shown.fetch(ctx, id); err == nil {
			f, err = g.Pictures.Get(id)
		}
	}
	if served, _ := g.visible.PictureServed(id); err == nil && served {
		g.usePicture(id)
	}
	return f, err
}

// usePicture notes that a message has a picture.
func (g *Gateway) usePicture(id string) {
	if err := g.Pictures.Use(id); err != nil {
		g.Log.Warn("A picture may be forgotten before its message", "id", id, "err", err)
	}
}

// noPicture and pictureLater answer for a picture that is not shown. The page asks again
// when somebody opens it again, so nothing of it is to be remembered.
func noPicture(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, sentence(picture.ErrNone), http.StatusNotFound)
}

func pictureLater(w http.ResponseWriter, text string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", strconv.Itoa(seconds(retryOpening)))
	http.Error(w, text, http.StatusServiceUnavailable)
}

// checkPicture reports, as a refusal, that a message from that address cannot have this picture.
// It may ask other daemons, and wait for them until ctx ends or sayPatience is over.
func (g *Gateway) checkPicture(ctx context.Context, address string, p *chat.Picture) error {
	switch {
	case p == nil:
		return nil
	case g.Pictures == nil:
		return &refusal{"no_pictures", "This room keeps no pictures.", 0}
	case !chat.ValidPictureID(p.ID):
		return nil // Say says what is wrong with it
	}
	here, err := g.Pictures.Has(p.ID)
	if here || err != nil {
		return nil // it is here; or the disk has failed, which is no reason to lose what is said with it
	}
	if g.Peers == nil || !g.open.Load() {
		return errNoPicture
	}
	if wait := g.fetches.asks.take(address); wait > 0 {
		return &refusal{"slow_down", "You are sending pictures faster than the room can look for them.", wait}
	}
	ctx, cancel := context.WithTimeout(ctx, sayPatience)
	defer cancel()
	switch err := g.fetches.posted.fetch(ctx, p.ID); {
	case err == nil:
		return nil
	case errors.Is(err, picture.ErrNone):
		return errNoPicture
	}
	return &refusal{"away", "The picture cannot be looked for now.", retryFull}
}

var errNoPicture = &refusal{"no_such", "The picture is not here, or not any more: send it again.", 0}

// PictureForPeer returns the picture with this id for another daemon of the room, nil if it is not here
// or not to be shown. It reads the disk, and may be called concurrently.
func (g *Gateway) PictureForPeer(id string) []byte {
	if g.Pictures == nil || !chat.ValidPictureID(id) {
		return nil
	}
	if served, _ := g.servable(id); !served {
		return nil
	}
	data, ok := g.readPicture(id)
	if !ok {
		return nil
	}
	return data
}

// watchPictures sees to it that the store holds the pictures of the room's log
// and no other's, and knows which of them messages have, until ctx ends.
func (g *Gateway) watchPictures(ctx context.Context) {
	for at := g.watched.Load(); ; {
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
			}
			at, lost = g.useAll(at)
			g.watched.Store(at)
		}
	}
}

// useAll notes the pictures of all messages that have come after the event, and returns the last
// event, and whether any of them says that the log was read afresh.
func (g *Gateway) useAll(at *room.Event) (last *room.Event, lost bool) {
	for {
		select {
		case <-at.Ready():
		default:
			return at, lost
		}
		at = at.Next()
		lost = lost || at.Lost
		for _, e := range at.Entries {
			if e.Deed == nil && e.Message.Picture != nil {
				g.usePicture(e.Message.Picture.ID) // also if it is hidden by now
			}
		}
	}
}
