package main

import "fmt"

// Check judges the histories of all phones, and what newcomers were shown at the
// end, by the log, as RabbitMQ itself gave it from its first record to its last when
// all was over. It returns what does not agree with what is promised, in the order in
// which it was found; nothing if all does.
//
// What the log comes to is a function of the log alone: see Judge. So everything that any
// phone was shown, by any chatd at any time, can be held against it.
func Check(phones []History, views []View, log []Record) []Fault {
	c := checker{
		Judgement: Judge(log), place: make(map[int64]int), said: make(map[id]*utterance), texts: make(map[id]bool),
		entered: make(map[id]*Judged), lost: make(map[id]bool), leaked: make(map[int64]bool), byText: make(map[string][]*Judged),
	}
	for i, r := range c.Records {
		c.place[r.Offset] = i
		c.byText[textOf(r)] = append(c.byText[textOf(r)], r)
	}
	for _, p := range phones {
		c.listen(p)
	}
	c.checkLog()
	for _, p := range phones {
		c.checkShown(p)
		c.checkSent(p)
		c.checkHost(p)
		c.checkGlimpses(p)
	}
	c.checkKicks(phones)
	for _, v := range views {
		c.checkView(v)
	}
	return c.faults
}

type checker struct {
	*Judgement
	place   map[int64]int // of each record, by its offset
	said    map[id]*utterance
	texts   map[id]bool    // said without a ref, by kind, sender and text
	entered map[id]*Judged // what came into the log, each once
	lost    map[id]bool
	leaked  map[int64]bool
	byText  map[string][]*Judged
	faults  []Fault
}

// utterance is what somebody said or did, as that phone has it.
type utterance struct {
	Item
	n       int  // in the sender's order
	refused bool // at least once: then its place in that order is not promised
}

func (c *checker) find(kind FaultKind, phone, what string, args ...any) {
	c.faults = append(c.faults, Fault{kind, phone, fmt.Sprintf(what, args...)})
}

// listen notes what was said on a phone.
func (c *checker) listen(p History) {
	n := 0
	for _, e := range p.Events {
		key := id{e.Item.Type, p.Sender, e.Item.Ref}
		switch {
		case e.Kind == Said && e.Item.Ref == "":
			c.texts[id{e.Item.Type, p.Sender, e.Item.Text}] = true
		case e.Kind == Said:
			c.said[key] = &utterance{Item: e.Item, n: n}
			n++
		case e.Kind == Refused && c.said[key] != nil:
			c.said[key].refused = true
		}
	}
}
