package gateway

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"warren/chatd/chat"
	"warren/chatd/export"
	"warren/chatd/picture"
	"warren/chatd/room"
)

// The transcript, for hosts: docs/protocol.md.

const (
	// maxExports is how many transcripts are written at a time: each is a
	// reader of the whole log, from the broker's disk.
	maxExports = 2

	// exportPause is the longest that a browser may take for the next 32 kB.
	exportPause = 30 * time.Second

	// maxMinutes is how far a zone may be from UTC: the islands of Kiribati are
	// at +14 hours.
	maxMinutes = 14 * 60
)

// exports serves the transcript in a format.
func (g *Gateway) exports(format export.Format) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !g.isHost(r) {
			http.Error(w, "The transcript is for the host: show the host's code at /host first.", http.StatusForbidden)
			return
		}
		zone, err := zoneOf(r.URL.Query().Get("minutes"))
		if err != nil {
			http.Error(w, sentence(err), http.StatusBadRequest)
			return
		}
		select {
		case g.exporting <- struct{}{}:
			defer func() { <-g.exporting }()
		default:
			busy(w, "Other transcripts are being written: try again in a minute.", time.Minute)
			return
		}
		g.export(w, r, format, zone)
	}
}

func (g *Gateway) export(w http.ResponseWriter, r *http.Request, format export.Format, zone *time.Location) {
	if !g.Room.Up() {
		busy(w, "The log cannot be read now: try again in a moment.", retryFull)
		return
	}
	survey, err := export.Prepare(r.Context(), g.talk(zone))
	if err != nil {
		g.Log.Warn("No transcript could be made", "err", err)
		busy(w, "The log cannot be read now: try again in a moment.", retryFull)
		return
	}
	h := w.Header()
	h.Set("Content-Type", format.ContentType())
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": survey.FileName(format)}))
	h.Set("Content-Security-Policy", export.Policy)
	h.Set("Cache-Control", "no-store")
	if err := survey.Write(r.Context(), patient{w, http.NewResponseController(w)}, format); err != nil {
		g.Log.Warn("A transcript was not written to its end", "err", err)
	}
}

func busy(w http.ResponseWriter, why string, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds(wait)))
	http.Error(w, why, http.StatusServiceUnavailable)
}

// zoneOf returns the zone that is so many minutes east of UTC.
func zoneOf(minutes string) (*time.Location, error) {
	if minutes == "" {
		return time.UTC, nil
	}
	n, err := strconv.Atoi(minutes)
	if err != nil || n < -maxMinutes || n > maxMinutes {
		return nil, fmt.Errorf("minutes is %.20q: it must be how many minutes the times are east of UTC, from -%d to %d, such as 120", minutes, maxMinutes, maxMinutes)
	}
	return time.FixedZone("", n*60), nil
}

// talk is the room's log, for the export.
func (g *Gateway) talk(zone *time.Location) export.Talk {
	t := export.Talk{Title: g.title(), Zone: zone, Now: g.Clock(), Clocks: make(map[string]export.Began), Walk: g.walk}
	for _, c := range g.Room.State().Clocks {
		t.Clocks[c.Boot] = export.Began{MS: c.Began, ByHost: c.ByHost}
	}
	if g.Pictures != nil {
		t.Picture = g.readPicture
	}
	return t
}

// walk gives the entries that everybody may see.
func (g *Gateway) walk(ctx context.Context, yield func(export.Entry) error) error {
	return g.Room.Walk(ctx, func(e *room.Entry) error {
		if !e.SeenBy("", false) {
			return nil
		}
		if entry, ok := exportEntry(e); ok {
			return yield(entry)
		}
		return nil
	})
}

// exportEntry is an entry as it is exported; false: it is not.
func exportEntry(e *room.Entry) (export.Entry, bool) {
	switch d := e.Deed.(type) {
	case nil:
		m := e.Message
		out := export.Entry{Offset: e.Offset, Ref: e.Ref, Stamp: e.Stamp, From: m.From, Text: m.Text, ReplyTo: m.ReplyTo, Edited: e.Edited, Gone: e.Gone}
		if m.Picture != nil {
			out.Picture = &export.Picture{ID: m.Picture.ID, W: m.Picture.W, H: m.Picture.H}
		}
		return out, true
	case *chat.Reaction:
		return export.Entry{Offset: e.Offset, From: d.From, Reaction: &export.Reaction{To: d.To, Emoji: d.Emoji, Undo: d.Undo}}, true
	}
	return export.Entry{}, false
}

// readPicture returns a picture, false if there is none.
func (g *Gateway) readPicture(id string) ([]byte, bool) {
	f, err := g.Pictures.Get(id)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, picture.MaxBytes+1))
	return data, err == nil && len(data) <= picture.MaxBytes
}

// patient writes an answer that may take longer than others, as long as the
// browser goes on taking it.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write implements io.Writer.
func (p patient) Write(b []byte) (int, error) {
	p.control.SetWriteDeadline(time.Now().Add(exportPause)) // not every writer in tests has one
	return p.ResponseWriter.Write(b)
}
