package main

// checkGlimpses checks that each text that somebody saw on a page is one that person may see.
func (c *checker) checkGlimpses(p History) {
	for _, e := range p.Events {
		if e.Kind != Glimpsed {
			continue
		}
		records := c.byText[e.Item.Text]
		seen := false
		for _, r := range records {
			seen = seen || r.seenBy(p.Sender)
		}
		switch {
		case seen:
		case len(records) == 0:
			c.mustHave(p.Phone, id{message, "somebody", e.Item.Text}, "was shown")
		case !c.leaked[records[0].Offset]:
			c.leaked[records[0].Offset] = true
			c.find(Leaked, p.Phone, "%q at offset %d was on a page of chatd %d: it is %s", e.Item.Text, records[0].Offset, e.Door, records[0].verdict())
		}
	}
}
