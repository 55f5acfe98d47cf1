package main

// checkSent checks what came of what was said on a phone: what is ticked is in the log, and
// who said something that the log refuses knows.
func (c *checker) checkSent(p History) {
	waiting := make(map[id]bool)
	told := make(map[id]bool)
	ticked := make(map[id]bool)
	for _, e := range p.Events {
		key := id{e.Item.Type, p.Sender, e.Item.Ref}
		switch {
		case e.Kind == Said && e.Item.Ref != "":
			waiting[key] = true
		case e.Kind == Ticked:
			delete(waiting, key)
			ticked[key] = true
			c.mustHave(p.Phone, key, "was ticked")
		case e.Kind == Refused && !e.Again:
			delete(waiting, key)
			told[key] = true
		}
	}
	if !p.Stayed {
		return
	}
	for _, r := range c.Records {
		key := id{r.Type, r.sender(), r.ID}
		if c.entered[key] != r || key.sender != p.Sender {
			continue
		}
		switch {
		case r.Refused != "" && !told[key]:
			how := "was never told"
			if ticked[key] {
				how = "was told that it is sent"
			}
			c.find(Untold, p.Phone, "%v at offset %d is refused, %s, and its sender %s", key, r.Offset, r.Refused, how)
			delete(waiting, key)
		case r.Type == reaction || r.Type == edit || r.Type == del:
			delete(waiting, key) // one that others have overtaken is not shown any more
		}
	}
	for _, e := range p.Events {
		if key := (id{e.Item.Type, p.Sender, e.Item.Ref}); e.Kind == Said && waiting[key] {
			c.find(Stuck, p.Phone, "%v was said, and neither ticked nor refused", key)
		}
	}
}
