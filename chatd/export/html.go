package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"

	_ "embed"
)

// maxPictures is how many bytes of pictures are put into a transcript, before
// they are written as text, which takes a third more: 20 MB can be sent by
// e-mail. Of those that come after only the names are shown.
const maxPictures = 20 << 20

//go:embed transcript.css
var style string

//go:embed transcript.html
var page string

// Policy is the Content-Security-Policy of a transcript: it may look as it does,
// show its own pictures, and nothing else. It is in the file as well, for
// whoever opens that from a disk.
var Policy = fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'", styleHash())

func styleHash() string {
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}

var templates = template.Must(template.New("").Parse(page))

// htmlWriter writes a transcript to look at or to print.
type htmlWriter struct {
	w       *bufio.Writer
	picture func(id string) ([]byte, bool)
	left    int
	used    int // bytes of pictures
}

func (h *htmlWriter) put(name string, data any) {
	if err := templates.ExecuteTemplate(h.w, name, data); err != nil {
		return // the buffer keeps it: Write returns it
	}
}

func (h *htmlWriter) head(s *Survey) {
	h.left = s.left
	h.put("head", map[string]any{
		"Title": s.talk.Title, "Opening": s.opening(), "Style": template.CSS(style), "Policy": Policy,
	})
}

func (h *htmlWriter) day(heading string) { h.put("day", heading) }

// htmlLine is a message as the template shows it.
type htmlLine struct {
	*line
	Clock, Full, ISO string
	Does             string // for /me
	Lost             string // why there is no text
	Image            template.URL
}

func (h *htmlWriter) message(l *line) {
	v := htmlLine{line: l}
	if !l.At.IsZero() {
		v.Clock, v.Full, v.ISO = l.At.Format("15:04"), l.At.Format("Monday, 2 January 2006, 15:04:05"), l.At.Format("2006-01-02T15:04:05.000Z07:00")
	}
	if l.Gone != "" {
		v.Lost = gone(l)
	}
	if does, ok := me(l); ok {
		v.Does = does
	}
	if l.Picture != nil && l.Gone == "" {
		v.Image = h.image(l.Picture.ID)
	}
	h.put("message", v)
}

// image returns a picture as a data URL; empty: only its name is shown.
func (h *htmlWriter) image(id string) template.URL {
	if h.picture == nil {
		return ""
	}
	data, ok := h.picture(id)
	if !ok || h.used+len(data) > maxPictures {
		return ""
	}
	h.used += len(data)
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(data))
}

func (h *htmlWriter) end(messages int, trouble string) {
	h.put("end", map[string]any{"Closing": closing(messages, h.left), "Trouble": trouble})
}
