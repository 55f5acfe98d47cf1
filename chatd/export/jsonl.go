package export

import (
	"bufio"
	"encoding/json"

	"warren/chatd/chat"
)

// jsonWriter writes a transcript for programs: one message a line, as an object.
// If the log could not be read to its end, the last line is {"error":"…"}.
type jsonWriter struct {
	w      *bufio.Writer
	clocks map[string]Began
}

// jsonLine is one message. What has no value is left out, except time: null says
// that it is not known.
type jsonLine struct {
	Offset    int64        `json:"offset"`
	Time      *string      `json:"time"`            // ISO 8601, UTC, milliseconds
	Clock     string       `json:"clock,omitempty"` // whose: host or guests
	Boot      string       `json:"boot,omitempty"`
	UpMS      int64        `json:"up_ms,omitempty"`
	Ref       string       `json:"ref,omitempty"`
	From      chat.Person  `json:"from"`
	Text      string       `json:"text"`
	ReplyTo   *int64       `json:"reply_to,omitempty"`
	Picture   *jsonPicture `json:"picture,omitempty"`
	Edited    bool         `json:"edited,omitempty"`
	Gone      string       `json:"gone,omitempty"` // hidden or deleted
	Reactions []Count      `json:"reactions,omitempty"`
}

type jsonPicture struct {
	ID string `json:"id"`
	W  int    `json:"w"`
	H  int    `json:"h"`
}

func (*jsonWriter) head(*Survey) {}
func (*jsonWriter) day(string)   {}

func (j *jsonWriter) message(l *line) {
	o := jsonLine{Offset: l.Offset, Boot: l.Stamp.Boot, UpMS: l.Stamp.UpMS, Ref: l.Ref, From: l.From, Gone: l.Gone}
	if !l.At.IsZero() {
		at := l.At.UTC().Format(isoTime)
		o.Time, o.Clock = &at, "guests"
		if j.clocks[l.Stamp.Boot].ByHost {
			o.Clock = "host"
		}
	}
	if l.Gone == "" {
		o.Text, o.ReplyTo, o.Edited, o.Reactions = l.Text, l.ReplyTo, l.Edited, l.Reactions
		if l.Picture != nil {
			o.Picture = (*jsonPicture)(l.Picture)
		}
	}
	j.put(o)
}

// isoTime is ISO 8601 with the milliseconds always there: so times sort as text.
const isoTime = "2006-01-02T15:04:05.000Z"

func (j *jsonWriter) end(_ int, trouble string) {
	if trouble != "" {
		j.put(struct {
			Error string `json:"error"`
		}{trouble})
	}
}

func (j *jsonWriter) put(v any) {
	enc := json.NewEncoder(j.w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return // the buffer keeps it: Write returns it
	}
}
