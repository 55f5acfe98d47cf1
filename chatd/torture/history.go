package main

// A History is what happened to one phone, in the order in which the phone saw
// it: with the log, all that Check judges by.
type History struct {
	Phone  string // its name
	Sender string // the public id of its device; nobody's: a wall, or an AMQP client
	Stayed bool   // in the room to the end, where it had time to catch up
	Events []Event
}

// An Event is one thing that happened to a phone.
type Event struct {
	Kind Kind
	At   int64 // milliseconds since the machine's boot, as in stamps
	Door int   // which chatd, if it came from one

	Item  Item  // whole if it was shown; Type, Ref, Text, To if it was said; Type and Ref if it was ticked or refused
	Again bool  // of Refused: it may be accepted later
	Head  int64 // of Welcomed: the log's, as the phone may see it
	Up    bool  // of Welcomed: the chatd has reached RabbitMQ
	Host  *HostView
}

// Kind is what an event is.
type Kind int

const (
	Said     Kind = iota // its owner said, or did, something
	Ticked               // that is in the log, as far as the phone was told
	Refused              // or it was refused
	Shown                // something came from the log
	Gap                  // the phone was told: what comes next does not continue what came before
	Called               // it calls a chatd
	Welcomed             // and was welcomed
	Glimpsed             // its owner saw a text on a page: Text, and no more is known of it
	Hosting              // it is a host's, and was told of what hosts do
)

// Item is a record of the log as a phone sees it, and what a phone makes of its own.
type Item struct {
	Offset int64
	Type   string // as in the log: message, reaction, …
	Sender string
	Name   string
	Ref    string // the sender's own id for it
	Text   string // the emoji, of a reaction
	To     int64
	Undo   bool
	Edited bool
	Gone   string // deleted, hidden
}

// id is what makes two records one.
type id struct{ kind, sender, ref string }

func (i Item) id() id { return id{i.Type, i.Sender, i.Ref} }

// HostView is what hosts are told, and others not.
type HostView struct {
	Muted []string // ids, in order
	Words []string
	Deeds []Deed
}

// Deed is what a host did.
type Deed struct {
	Offset int64
	Ref    string
	Verb   string
	By     string
	Undo   bool
	To     int64
	Who    string
}
