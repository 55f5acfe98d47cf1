package main

import "strings"

// checkLog checks the log in itself, and against what was said.
func (c *checker) checkLog() {
	const phone = "the log"
	newest := make(map[string]int) // of each sender
	for i, r := range c.Records {
		if i > 0 && r.Offset <= c.Records[i-1].Offset {
			c.find(Swapped, phone, "offset %d comes after offset %d", r.Offset, c.Records[i-1].Offset)
		}
		if r.Bad || r.Repeat || !isSaid(r) {
			continue
		}
		key := id{r.Type, r.sender(), r.ID}
		said := c.said[key]
		switch {
		case r.ID == "" || said == nil && r.Body.From.ID == "" && r.Body.By.ID == "":
			// An AMQP client's: it has its own ideas of ids.
			if !c.texts[id{r.Type, r.sender(), strings.TrimSpace(r.Body.Text)}] {
				c.find(Invented, phone, "%q at offset %d, of %s, was said by nobody", r.Body.Text, r.Offset, r.sender())
			}
			continue
		case c.entered[key] != nil:
			c.find(Twice, phone, "%v is at offset %d, and at %d again, too far away to be known as a repeat", key, c.entered[key].Offset, r.Offset)
			continue
		}
		c.entered[key] = r
		if said == nil || said.Text != textOf(r) || said.To != r.Body.To {
			c.find(Invented, phone, "%v at offset %d is %.60q, and that was not said", key, r.Offset, textOf(r))
			continue
		}
		if said.refused {
			continue
		}
		if before, any := newest[r.sender()]; any && said.n < before {
			c.find(Swapped, phone, "%v at offset %d comes after something that its sender said later", key, r.Offset)
			continue
		}
		newest[r.sender()] = said.n
	}
}

// isSaid reports whether somebody must have said the record: it is none of the daemons' own.
func isSaid(r *Judged) bool {
	switch r.Type {
	case message, reaction, edit, del:
		return true
	}
	return r.Body.By.ID != ""
}

// textOf is what an item has as its text.
func textOf(r *Judged) string {
	switch r.Type {
	case reaction:
		return r.Body.Emoji
	case message, edit, "pin":
		return strings.TrimSpace(r.Body.Text)
	}
	return ""
}
