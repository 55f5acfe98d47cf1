package main

// A History is what happened to one phone, in the order in which the phone saw
// it: all that Check judges by.
type History struct {
	Phone  string // its name
	Sender string // the public id of its device
	Stayed bool   // in the room to the end, where it had time to catch up
	Events []Event
}

// An Event is one thing that happened to a phone.
type Event struct {
	Kind    Kind
	Message Message // whole if it was shown; Ref and Text if it was said; Ref if ticked
}

// Kind is what an event is.
type Kind int

const (
	Said   Kind = iota // its owner wrote a message
	Ticked             // a message of its owner's was shown as sent
	Shown              // a message came from the log
	Gap                // the phone was told: what comes next does not continue what came before
)

// Message is a message as a phone sees it.
type Message struct {
	Offset int64
	Sender string
	Ref    string // the sender's own id for it
	Text   string
}

// id is what makes two messages one.
type id struct{ sender, ref string }

func (m Message) id() id { return id{m.Sender, m.Ref} }
