package export

import (
	"bufio"
	"fmt"
	"strings"
)

// textWriter writes a transcript to read anywhere. Only lines of Warren's own
// begin at the margin: a message of several lines cannot pretend to be several
// messages.
type textWriter struct {
	w    *bufio.Writer
	left int
}

// indent is as wide as a time.
const indent = "         "

func (t *textWriter) head(s *Survey) {
	t.left = s.left
	fmt.Fprintf(t.w, "%s\n\n", s.talk.Title)
	for _, said := range s.opening() {
		fmt.Fprintln(t.w, said)
	}
}

func (t *textWriter) day(heading string) { fmt.Fprintf(t.w, "\n== %s ==\n\n", heading) }

func (t *textWriter) message(l *line) {
	at := "   …   "
	if !l.At.IsZero() {
		at = l.At.Format(" 15:04 ")
	}
	fmt.Fprintf(t.w, "%s  %s\n", at, strings.ReplaceAll(t.say(l), "\n", "\n"+indent))
	if l.Quote != nil {
		fmt.Fprintf(t.w, "%s↳ to %s: “%s”\n", indent, l.Quote.Who, l.Quote.Text)
	}
	if len(l.Reactions) > 0 && l.Gone == "" {
		fmt.Fprint(t.w, indent)
		for i, r := range l.Reactions {
			if i > 0 {
				fmt.Fprint(t.w, "  ")
			}
			fmt.Fprintf(t.w, "%s %d", r.Emoji, r.Count)
		}
		fmt.Fprintln(t.w)
	}
}

func (t *textWriter) say(l *line) string {
	if l.Gone != "" {
		return "(" + gone(l) + ")"
	}
	said := l.Who + ": " + l.Text
	if does, ok := me(l); ok {
		said = "* " + l.Who + " " + does
	}
	if l.Edited {
		said += "  (edited)"
	}
	if l.Picture != nil {
		said += fmt.Sprintf("\n[picture %s, %d × %d]", l.Picture.Name(), l.Picture.W, l.Picture.H)
	}
	return said
}

func (t *textWriter) end(messages int, trouble string) {
	fmt.Fprintf(t.w, "\n%s\n", closing(messages, t.left))
	if trouble != "" {
		fmt.Fprintf(t.w, "\n%s\n", trouble)
	}
}

// gone says why there is no text.
func gone(l *line) string {
	if l.Gone == Hidden {
		return "A message of " + l.Who + " was hidden by the host."
	}
	return l.Who + " has deleted this message."
}

// me returns what the author says to do: /me waves.
func me(l *line) (does string, ok bool) { return strings.CutPrefix(l.Text, "/me ") }
