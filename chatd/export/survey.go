package export

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unique"

	"warren/chatd/chat"
)

// What the first reading of the log may find that the second needs, each an
// evening's worth and more: at about 100 bytes each, all cost 15 MiB.
const (
	maxReactions = 50_000
	maxQuotes    = 20_000 // of 300 bytes
	maxNames     = 10_000
)

// Survey is what must be known of a talk before its first line can be written:
// reactions, edits and answers come after what they belong to. Its methods may
// not be called concurrently.
type Survey struct {
	talk      Talk
	reactions map[int64][]Count // by message
	quoted    map[int64]*quote  // messages that are answered: nil until they are written
	owners    map[string]string // name → the id that has it, or several
	left      int               // reactions there were too many of

	byHost, byGuests, unknown bool // whose clocks say the times
}

// several stands for the ids of a name that more than one person has.
const several = "several"

// Prepare reads the log for the first time. The error is Walk's.
func Prepare(ctx context.Context, t Talk) (*Survey, error) {
	if t.Zone == nil {
		t.Zone = time.UTC
	}
	s := &Survey{talk: t, quoted: make(map[int64]*quote), owners: make(map[string]string)}
	tally := newTally()
	err := t.Walk(ctx, func(e Entry) error {
		if e.Reaction != nil {
			tally.add(e)
			return nil
		}
		s.note(e)
		return nil
	})
	s.reactions, s.left = tally.counts()
	return s, err
}

// note notes what a message makes necessary.
func (s *Survey) note(e Entry) {
	if e.ReplyTo != nil && len(s.quoted) < maxQuotes {
		s.quoted[*e.ReplyTo] = nil
	}
	if id, ok := s.owners[e.From.Name]; ok && id != e.From.ID {
		s.owners[e.From.Name] = several
	} else if !ok && len(s.owners) < maxNames {
		s.owners[strings.Clone(e.From.Name)] = e.From.ID
	}
	began, ok := s.talk.Clocks[e.Stamp.Boot]
	switch {
	case !ok:
		s.unknown = true
	case began.ByHost:
		s.byHost = true
	default:
		s.byGuests = true
	}
}

// who is a person's name, with the beginning of the id if another person has the
// same name.
func (s *Survey) who(p chat.Person) string {
	if s.owners[p.Name] != several {
		return p.Name
	}
	mark := p.ID
	if mark == "" {
		mark = "AMQP"
	}
	return fmt.Sprintf("%s (%s)", p.Name, mark[:min(4, len(mark))])
}

// Made is when the transcript was made; zero: not known.
func (s *Survey) Made() time.Time { return s.talk.timeOf(s.talk.Now) }

// FileName is what the file is called: the room's title, the date if it is known,
// the format.
func (s *Survey) FileName(f Format) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) { // none may be in a name on Windows
			return '-'
		}
		return r
	}, s.talk.Title)
	if made := s.Made(); !made.IsZero() {
		name += made.Format(" 2006-01-02")
	}
	return strings.TrimLeft(name, ".") + "." + f.String()
}

// opening says what the transcript is, in a sentence or two.
func (s *Survey) opening() []string {
	said := "Transcript of the room."
	if made := s.Made(); !made.IsZero() {
		said = "Transcript of the room, made on " + made.Format("Monday, 2 January 2006, 15:04") + "."
	}
	return []string{said, s.clocks()}
}

// clocks says by whose clocks the times are.
func (s *Survey) clocks() string {
	whose := ""
	switch {
	case s.byHost && s.byGuests:
		whose = "the host’s phone, or those of several guests that agree"
	case s.byHost:
		whose = "the host’s phone"
	case s.byGuests:
		whose = "the phones of several guests that agree"
	default:
		return "The box has no clock, and nobody’s was known: there are no times."
	}
	said := fmt.Sprintf("The box has no clock: times are those of %s, as %s.", whose, zoneName(s.talk.Zone))
	if s.unknown {
		said += " What was said while nobody’s clock was known has no time."
	}
	return said
}

// zoneName is how far a zone is from UTC, such as UTC+02:00.
func zoneName(zone *time.Location) string {
	name := time.UnixMilli(0).In(zone).Format("UTC-07:00")
	return strings.TrimSuffix(name, "+00:00")
}

// closing says how long the transcript is.
func closing(messages, reactionsLeft int) string {
	said := fmt.Sprintf("%d messages.", messages)
	if messages == 1 {
		said = "1 message."
	}
	if reactionsLeft > 0 {
		said += fmt.Sprintf(" %d reactions were too many to be shown.", reactionsLeft)
	}
	return said
}

// tally counts reactions: each person may react to a message once with an emoji.
type tally struct {
	order []opinion // as they came; some may have been undone
	held  map[opinion]bool
	left  int
}

type opinion struct {
	to         int64
	emoji, who unique.Handle[string]
}

func newTally() *tally { return &tally{held: make(map[opinion]bool)} }

func (t *tally) add(e Entry) {
	who := e.From.ID
	if who == "" {
		who = "app " + e.From.Name
	}
	o := opinion{e.Reaction.To, unique.Make(e.Reaction.Emoji), unique.Make(who)}
	_, seen := t.held[o]
	switch {
	case seen:
		t.held[o] = !e.Reaction.Undo
	case e.Reaction.Undo:
	case len(t.order) >= maxReactions:
		t.left++
	default:
		t.order = append(t.order, o)
		t.held[o] = true
	}
}

// counts returns what was counted by message, in the order in which the emoji
// came first.
func (t *tally) counts() (map[int64][]Count, int) {
	counts := make(map[int64][]Count)
	for _, o := range t.order {
		if !t.held[o] {
			continue
		}
		of, emoji, found := counts[o.to], o.emoji.Value(), false
		for i := range of {
			if of[i].Emoji == emoji {
				of[i].Count++
				found = true
			}
		}
		if !found {
			counts[o.to] = append(of, Count{emoji, 1})
		}
	}
	return counts, t.left
}
