// Package export writes what was said in a room as a file to keep: HTML, text or
// JSON Lines. It is pure but for the log that it is given to walk, which it reads
// twice and never holds: a transcript of any length takes the same memory.
package export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"warren/chatd/chat"
)

// Talk is what is exported.
type Talk struct {
	Title string

	// Zone is where the times are told; nil: UTC.
	Zone *time.Location

	// Now is the stamp of this moment: with the clocks it says when the
	// transcript was made.
	Now chat.Stamp

	// Clocks say when boots began. What was said in another boot has no time.
	Clocks map[string]Began

	// Walk gives the entries of the log, oldest first, as everybody in the
	// room may see them. It is called twice.
	Walk func(ctx context.Context, yield func(Entry) error) error

	// Picture returns a picture of a message, a JPEG, or false if it is not
	// kept any more. Nil: none are.
	Picture func(id string) ([]byte, bool)
}

// Began is when a boot began, in milliseconds since 1970 (UTC), and whether the
// host's phone says so, or those of several guests.
type Began struct {
	MS     int64
	ByHost bool
}

// Entry is a message, or a reaction to one.
type Entry struct {
	Offset  int64
	Ref     string
	Stamp   chat.Stamp
	From    chat.Person
	Text    string // as chat.CleanText returns it: line ends are \n
	ReplyTo *int64
	Picture *Picture
	Edited  bool
	Gone    string // Hidden or Deleted: then there is no text

	Reaction *Reaction // then all of the above but Offset and From is empty
}

// Why a message is not there any more.
const (
	Hidden  = "hidden"
	Deleted = "deleted"
)

// Picture belongs to a message.
type Picture struct {
	ID   string
	W, H int
}

// Name is the picture's file name.
func (p *Picture) Name() string { return p.ID + ".jpg" }

// Reaction is what somebody thinks of a message, or does not think any more.
type Reaction struct {
	To    int64
	Emoji string
	Undo  bool
}

// line is a message with all that is shown of it.
type line struct {
	Entry
	At        time.Time // zero: not known
	Who       string    // the name; with a mark if another has the same
	Reactions []Count
	Quote     *quote // what it answers, if that was said before it
}

// Count is how many people reacted with an emoji.
type Count struct {
	Emoji string `json:"emoji"`
	Count int    `json:"count"`
}

// quote is the beginning of a message that another one answers.
type quote struct {
	Offset int64
	Who    string
	Text   string
}

// Format is a kind of transcript. Its String is the file's extension.
type Format int

// The formats.
const (
	HTML      Format = iota // one file to look at or print
	Text                    // to read anywhere
	JSONLines               // for programs: one object a line
)

func (f Format) String() string { return [...]string{"html", "txt", "jsonl"}[f] }

// ContentType is the format's type for HTTP.
func (f Format) ContentType() string {
	return [...]string{"text/html; charset=utf-8", "text/plain; charset=utf-8", "application/jsonl; charset=utf-8"}[f]
}

// writer writes one format.
type writer interface {
	head(*Survey)
	day(heading string)
	message(*line)
	end(messages int, trouble string)
}

// Write writes the transcript in a format. If the log cannot be read to its end,
// the last line says so, and the error too.
func (s *Survey) Write(ctx context.Context, to io.Writer, f Format) error {
	buf := bufio.NewWriterSize(to, 32<<10)
	w := s.writer(buf, f)
	w.head(s)
	day, n := "", 0
	err := s.talk.Walk(ctx, func(e Entry) error {
		if e.Reaction != nil {
			return nil
		}
		l := s.line(e)
		if d := dayOf(l.At); d != day {
			day = d
			w.day(d)
		}
		w.message(l)
		n++
		_, err := buf.Write(nil) // what went wrong before, if anything
		return err
	})
	trouble := ""
	if err != nil {
		trouble = fmt.Sprintf("This transcript is not complete: it ends here, because the rest of the log could not be read (%v). Ask for it again.", err)
	}
	w.end(n, trouble)
	return errors.Join(err, buf.Flush())
}

func (s *Survey) writer(w *bufio.Writer, f Format) writer {
	switch f {
	case Text:
		return &textWriter{w: w}
	case JSONLines:
		return &jsonWriter{w: w, clocks: s.talk.Clocks}
	}
	return &htmlWriter{w: w, picture: s.talk.Picture}
}

// line completes a message.
func (s *Survey) line(e Entry) *line {
	l := &line{Entry: e, At: s.talk.timeOf(e.Stamp), Who: s.who(e.From), Reactions: s.reactions[e.Offset]}
	if e.Gone != "" {
		return l
	}
	if e.ReplyTo != nil {
		if q := s.quoted[*e.ReplyTo]; q != nil {
			l.Quote = q
		}
	}
	if _, wanted := s.quoted[e.Offset]; wanted {
		s.quoted[e.Offset] = &quote{e.Offset, l.Who, excerpt(e)}
	}
	return l
}

// timeOf returns when a stamp was read; zero: not known.
func (t *Talk) timeOf(s chat.Stamp) time.Time {
	began, ok := t.Clocks[s.Boot]
	if !ok || !s.Possible() {
		return time.Time{}
	}
	at := time.UnixMilli(began.MS + s.UpMS).In(t.Zone)
	if at.Year() > lastYear {
		return time.Time{} // who reaches the exchange may write any stamp
	}
	return at
}

// lastYear is the last one that has four digits, as ISO 8601 wants them.
const lastYear = 9999

// Day heading of what has no time.
const earlier = "Earlier: nobody’s clock was known"

func dayOf(at time.Time) string {
	if at.IsZero() {
		return earlier
	}
	return at.Format("Monday, 2 January 2006")
}

// excerptLength is how many characters of an answered message are quoted: a line
// on paper.
const excerptLength = 90

// excerpt is the beginning of a message in one line.
func excerpt(e Entry) string {
	runes := make([]rune, 0, excerptLength)
	for _, r := range e.Text {
		if len(runes) == excerptLength {
			return string(runes) + "…"
		}
		if r == '\n' || r == '\t' {
			r = ' '
		}
		runes = append(runes, r)
	}
	if len(runes) == 0 && e.Picture != nil {
		return "a picture"
	}
	return string(runes)
}
