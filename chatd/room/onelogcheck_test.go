package room

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"warren/chatd/chat"
	"warren/chatd/fold"
	"warren/chatd/fold/reference"
)

// What a daemon of a played room must show: what the reference says of the log.

// wrong says what a daemon shows that is not what the log says.
func (d *daemon) wrong(ctx context.Context) string {
	if d.room == nil {
		return ""
	}
	person := append(slices.Clone(reference.Guests), "")[d.Rand.IntN(len(reference.Guests)+1)]
	as := Viewer{Person: person}
	if d.reading || !d.reached.Load() && d.room.Known() == false {
		v := d.room.View(ctx, as, 10)
		if len(v.Entries) > 0 || v.Epoch != "" || v.Head >= 0 || d.room.Known() {
			return fmt.Sprintf("shows %d entries before it has read the log", len(v.Entries))
		}
		for _, page := range d.pages {
			if told := page.follow(); told > 0 {
				return fmt.Sprintf("tells %d things before it has read the log", told)
			}
		}
		return ""
	}
	d.mu.Lock()
	log, end, front := slices.Clone(d.all), d.end(), d.front
	d.mu.Unlock()
	if !d.up || d.next < end || d.epochRead != d.epoch {
		return ""
	}
	r := &reference.Room{Bounds: reference.Bounds{Horizon: fold.Horizon, MaxBoots: fold.MaxBoots, MaxSpoken: fold.MaxSpoken, SlowSlack: fold.SlowSlack}}
	for _, rec := range log {
		r.Read(rec)
	}
	d.room.mu.Lock()
	begin, filled := d.room.begin, d.room.filled
	_, held := d.room.since(0, as)
	d.room.mu.Unlock()
	if filled && front == 0 && begin > 0 {
		return fmt.Sprintf("it knows the log from %d only", begin)
	}
	s, state := d.room.State(), r.State
	if got, want := inJSON(s), inJSON(&State{state.Title, state.Pin, state.Slow, state.Locked, state.Off, state.Notice, state.NoPictures, state.Erased, state.Clocks}); got != want {
		return fmt.Sprintf("the room is\n%s, and not\n%s", got, want)
	}
	want := HostState{Muted: append([]chat.Person{}, state.Muted...), Words: append([]string{}, state.Words...), Deeds: append([]chat.Done{}, state.Deeds...)}
	if got, want := inJSON(d.room.Host()), inJSON(want); got != want {
		return fmt.Sprintf("hosts know\n%s, and not\n%s", got, want)
	}
	for _, id := range slices.Concat(reference.Guests, reference.Hosts) {
		if d.room.Muted(id) != r.Muted(id) || d.room.Kicked(id) != r.Kicked(id, d.stamp()) {
			return fmt.Sprintf("%s is muted: %v, kicked: %v", id, d.room.Muted(id), d.room.Kicked(id))
		}
	}
	first := int64(0) // what the log has lost since is shown from memory
	if front < len(log) {
		first = log[front].Offset
	}
	for _, page := range d.pages {
		if why := page.wrong(ctx, d.room); why != "" {
			return fmt.Sprintf("%+v: %s", page.as, why)
		}
	}
	if !filled { // what is older is being read
		return ""
	}
	shown := slices.DeleteFunc(r.View(person), func(e reference.Entry) bool { return e.Offset < max(begin, min(held, first)) })
	n := 1 + d.Rand.IntN(30)
	v := d.room.View(ctx, as, n)
	got := v.Entries
	for more := true; more; {
		var older []*Entry
		var err error
		before := end
		if len(got) > 0 {
			before = got[0].Offset
		}
		if older, more, err = d.room.Older(ctx, as, before, 1+d.Rand.IntN(30)); err != nil {
			return fmt.Sprintf("what is before %d: %v", before, err)
		}
		if more && len(older) == 0 {
			return fmt.Sprintf("there is more before %d, and nothing comes", before)
		}
		got = append(slices.Clone(older), got...)
	}
	for _, e := range got {
		if why := wrongAgain(e, shown, as); why != "" {
			return why
		}
	}
	if why := different(got, shown); why != "" {
		return fmt.Sprintf("to %q, %s", person, why)
	}
	if len(got) > 0 && v.Head != got[len(got)-1].Offset {
		return fmt.Sprintf("the head is %d, and not %d", v.Head, got[len(got)-1].Offset)
	}
	for _, id := range []string{strings.Repeat("ab", 32), strings.Repeat("01", 32)} {
		want := slices.ContainsFunc(r.Pictures(), func(p reference.Entry) bool { return p.Picture == id && p.Offset >= begin })
		if served, known := d.room.PictureServed(id); served != want || !known {
			return fmt.Sprintf("the picture %.4s is served: %v, and that is known: %v", id, served, known)
		}
	}
	var walked []*Entry
	err := d.room.Walk(ctx, func(e *Entry) error {
		walked = append(walked, e)
		return nil
	})
	all := slices.DeleteFunc(r.View(""), func(e reference.Entry) bool { return e.Offset < max(begin, first) })
	if why := different(walked, all); err != nil || why != "" {
		return fmt.Sprintf("all of it, %v: %s", err, why)
	}
	return ""
}

// wrongAgain says what is wrong with the message that a hide that is undone brings back.
func wrongAgain(e *Entry, shown []reference.Entry, as Viewer) string {
	if e.Again == nil {
		return ""
	}
	if !e.Again.SeenBy("", false) {
		return fmt.Sprintf("all are shown again %+v", plain(e.Again))
	}
	for _, m := range shown {
		if m.Offset == e.Again.Offset && plain(e.Again) != m {
			return fmt.Sprintf("again is shown %+v, and not %+v", plain(e.Again), m)
		}
	}
	return ""
}

// different says how what is shown differs from what is to be shown.
func different(got []*Entry, want []reference.Entry) string {
	for i, e := range got {
		if i >= len(want) {
			return fmt.Sprintf("%+v is shown", plain(e))
		} else if got := plain(e); !reflect.DeepEqual(got, want[i]) {
			return fmt.Sprintf("shown is\n%+v, and not\n%+v", got, want[i])
		}
	}
	if len(got) < len(want) {
		return fmt.Sprintf("%+v is not shown", want[len(got)])
	}
	return ""
}

// plain returns an entry as the reference has it.
func plain(e *Entry) reference.Entry {
	p := reference.Entry{Offset: e.Offset, Ref: e.Ref, Edited: e.Edited, Gone: e.Gone, Only: e.Audience.Person}
	if e.Deed != nil {
		return p.Saying(nil, e.Deed)
	}
	return p.Saying(&e.Message, nil)
}

func inJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
