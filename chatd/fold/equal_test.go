package fold

import (
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fold/reference"
)

var (
	logs = flag.Int("logs", 300, "how many generated logs are folded")
	seed = flag.Int64("seed", -1, "fold the log of this seed alone")
)

var bounds = reference.Bounds{Horizon: Horizon, MaxBoots: MaxBoots, MaxSpoken: MaxSpoken, SlowSlack: SlowSlack}

// A fold says of each record what the reference says, wherever its snapshots were taken.
func TestFoldIsTheReference(t *testing.T) {
	if *seed >= 0 {
		foldBoth(t, uint64(*seed))
		return
	}
	from := rand.Uint64N(1 << 40)
	for i := range uint64(*logs) {
		if foldBoth(t, from+i); t.Failed() {
			return
		}
	}
}

// foldBoth reports what differs in the log of a seed, and the least of the log with which
// it does.
func foldBoth(t *testing.T, seed uint64) {
	start, log := reference.Generate(bounds, seed, 120)
	differs := func(log []chat.Record) (why string) {
		defer func() {
			if r := recover(); r != nil {
				why = fmt.Sprint("panic: ", r)
			}
		}()
		return difference(start, log, seed)
	}
	why := differs(log)
	if why == "" {
		return
	}
	for size := len(log) / 2; size > 0; {
		smaller := false
		for at := 1; at+size <= len(log); { // the first says whether the log has its beginning
			without := slices.Delete(slices.Clone(log), at, at+size)
			if w := differs(without); w != "" {
				log, why, smaller = without, w, true
			} else {
				at += size
			}
		}
		if !smaller {
			size /= 2
		}
	}
	var lines strings.Builder
	for _, rec := range log {
		fmt.Fprintf(&lines, "%d id %q type %q %q app %q %+v %.300s\n", rec.Offset, rec.ID, rec.Type, rec.ContentType, rec.App, rec.Stamp, rec.Body)
	}
	t.Errorf("%s\nin this log, from %.300s:\n%sAgain: go test ./chatd/fold -run %s -seed %d", why, asJSON(start), lines.String(), t.Name(), seed)
}

// difference folds a log, from what a snapshot says if there is one, with the reference, with one fold, with those that are made
// of its snapshots, and with one that is made anew of its own snapshots all the way.
func difference(start *chat.Snapshot, log []chat.Record, seed uint64) string {
	r, f := &reference.Room{Bounds: bounds}, New()
	if start != nil {
		r.Begin(*start)
		f = again(*start)
	}
	folds := []*Fold{f, nil}
	sure := start != nil || log[0].Offset == 0
	if sure {
		folds[1] = again(f.Snapshot(log[0].Offset - 1))
	}
	next := int64(-1)
	for i, rec := range log {
		here := chance(seed, rec.Offset)
		if !sure && (here%4 == 0 || i == len(log)-1) {
			f.Settle()
			if i > 0 && !r.State.Erased { // after an erase, nothing matters that was before
				r.State.Unknown = log[0].Offset
			}
			sure, folds[1] = true, again(f.Snapshot(next-1))
			if why := differentState(r, f, log[:i]); why != "" {
				return why
			}
		}
		was, floor := r.State, r.Floor()
		before, soon := forecast(r, f, rec, next), r.Soon(rec)
		came := r.Read(rec)
		var first string
		for n, g := range folds {
			if g == nil {
				continue
			}
			step := g.Add(rec)
			if g.Sure() != sure {
				return fmt.Sprintf("offset %d: it is sure: %v", rec.Offset, g.Sure())
			}
			if why := differentStep(r, rec, came, step); why != "" {
				return fmt.Sprintf("offset %d, fold %d: %s", rec.Offset, n, why)
			}
			if why := untold(was, r.State, r.Floor() != floor, step); why != "" {
				return fmt.Sprintf("offset %d, fold %d: nobody is told %s: %+v", rec.Offset, n, why, step)
			}
			if n > 0 && stepText(step) != first {
				return fmt.Sprintf("offset %d, fold %d: it says %s and not %s", rec.Offset, n, stepText(step), first)
			}
			first = stepText(step)
			if n == 0 && before != nil && step.Verdict != Repeated && *before != step.Why && !(*before == SlowDown && soon) {
				return fmt.Sprintf("offset %d: refused for %q, and %q was foreseen", rec.Offset, step.Why, *before)
			}
		}
		next = rec.Offset + 1
		if !sure {
			continue
		}
		host := false
		if d := deedOf(rec); d != nil {
			_, host = chat.DoneOf(d, 0, "", chat.Stamp{})
		}
		if here%5 == 1 || host && seed%4 == 0 {
			folds[1] = again(folds[1].Snapshot(rec.Offset))
		}
		if here%16 == 2 && len(folds) < 6 {
			folds = append(folds, again(f.Snapshot(rec.Offset)))
		}
		if here%8 != 3 && i < len(log)-1 {
			continue
		}
		all := asJSON(f.Snapshot(rec.Offset))
		for n, g := range folds {
			if why := differentState(r, g, log[:i+1]); why != "" {
				return fmt.Sprintf("after offset %d, fold %d: %s", rec.Offset, n, why)
			}
			if other := asJSON(g.Snapshot(rec.Offset)); other != all {
				return fmt.Sprintf("after offset %d, fold %d: the snapshot is %s\nand not %s", rec.Offset, n, other, all)
			}
		}
	}
	return ""
}

func stepText(s Step) string {
	m, d := s.Message, s.Deed
	s.Message, s.Deed = nil, nil
	return fmt.Sprintf("%+v %s %s", s, asJSON(m), asJSON(d))
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func deedOf(rec chat.Record) chat.Deed {
	d, _ := chat.DeedOf(rec)
	return d
}

// chance is a number of a place in a log, the same also when others are left out.
func chance(seed uint64, offset int64) uint32 {
	h := fnv.New32a()
	fmt.Fprint(h, seed, offset)
	return h.Sum32() >> 4
}

// again returns the fold of a snapshot that has been through the log.
func again(s chat.Snapshot) *Fold {
	d, err := chat.DeedOf(chat.RecordOf(&s, s.ID(), chat.Stamp{}))
	if err != nil {
		panic(err)
	}
	f, err := From(*d.(*chat.Snapshot))
	if err != nil {
		panic(err)
	}
	return f
}

// forecast returns what a record would be refused for; nil if nobody would ask, or asks
// as a guest who was a host lately: that is for the door to know.
func forecast(r *reference.Room, f *Fold, rec chat.Record, next int64) *Why {
	if rec.Offset != next || rec.Type == chat.TypeEpoch {
		return nil
	}
	var why Why
	if m, err := chat.MessageOf(rec); err == nil && m.From.ID != "" && m.Host == r.Host(m.From.ID, m.Host) {
		why, _ = f.WouldRefuse(&m, rec.Stamp)
		return &why
	}
	switch d := deedOf(rec).(type) {
	case *chat.Reaction:
		if d.Host != r.Host(d.From.ID, d.Host) {
			return nil
		}
	case *chat.Edit:
		if d.Host != r.Host(d.From.ID, d.Host) || rec.Offset-d.To > r.Horizon {
			return nil // or cannot know at which offset it will stand
		}
	case *chat.Delete:
		if rec.Offset-d.To > r.Horizon {
			return nil
		}
	default:
		return nil
	}
	why, _ = f.WouldRefuseDeed(deedOf(rec), rec.Stamp)
	return &why
}

// differentStep says what a fold says otherwise of a record.
func differentStep(r *reference.Room, rec chat.Record, came reference.Came, step Step) string {
	verdict := []string{Nothing: "nothing", Shown: "shown", Repeated: "repeated", Refused: "refused"}[step.Verdict]
	switch {
	case verdict != came.What || came.What == "refused" && (string(step.Why) != came.Why || step.From != came.From):
		return fmt.Sprintf("%s %q of %q, and not %+v", verdict, step.Why, step.From, came)
	case came.What != "shown":
		return ""
	case step.Target != came.Target:
		return fmt.Sprintf("another now is %d, and not %d", step.Target, came.Target)
	case step.Person != came.Shown.Only:
		return fmt.Sprintf("shown to %q, and not to %q", step.Person, came.Shown.Only)
	}
	e := reference.Entry{Offset: rec.Offset, Ref: rec.ID, Only: step.Person}.Saying(step.Message, step.Deed)
	if want := came.Shown; e != want {
		return fmt.Sprintf("shown is %+v, and not %+v", e, want)
	}
	return ""
}

// untold says what has changed without the step saying so.
func untold(was, is chat.State, floor bool, step Step) string {
	public := func(s chat.State) string {
		return asJSON(chat.State{Title: s.Title, Pin: s.Pin, Slow: s.Slow, Locked: s.Locked, Off: s.Off, Notice: s.Notice, NoPictures: s.NoPictures, Erased: s.Erased, Clocks: s.Clocks})
	}
	hosts := func(s chat.State) string {
		return asJSON(chat.State{Muted: s.Muted, Words: s.Words, Deeds: s.Deeds, Unknown: s.Unknown})
	}
	kick, _ := step.Deed.(*chat.Kick)
	switch {
	case !step.Changed && public(was) != public(is):
		return "how the room is set up"
	case !step.Hosts && hosts(was) != hosts(is):
		return "what hosts did"
	case !step.All && floor:
		return "what is shown no more, or again"
	case kick != nil && step.Verdict == Nothing && step.Kick != kick.Who.ID:
		return "who is kicked"
	}
	return ""
}

// differentState says what a fold knows otherwise after a log.
func differentState(r *reference.Room, f *Fold, log []chat.Record) string {
	if got, want := asJSON(f.State()), asJSON(r.State); got != want {
		return fmt.Sprintf("the state is %s\nand not %s", got, want)
	}
	if got, want := f.Floor(), r.Floor(); got != want {
		return fmt.Sprintf("the floor is %d, and not %d", got, want)
	}
	if got, want := f.Carried(), r.Carried(); !reflect.DeepEqual(got, want) {
		if got, want := asJSON(got), asJSON(want); got != want {
			return fmt.Sprintf("carried is %s\nand not %s", got, want)
		}
	}
	for _, person := range slices.Concat(reference.Guests, reference.Hosts) {
		if _, got := f.Muted(person); got != r.Muted(person) {
			return fmt.Sprintf("%s is muted: %v", person, got)
		}
		stamps := []chat.Stamp{{}, {Boot: "new"}}
		for _, rec := range newest(log, 2) {
			stamps = append(stamps, rec.Stamp)
		}
		for _, s := range stamps {
			if got := f.Kicked(person, s); got != r.Kicked(person, s) {
				return fmt.Sprintf("%s is kicked at %v: %v", person, s, got)
			}
		}
	}
	for _, text := range reference.Texts {
		if got := f.Unwanted(text); got != r.Unwanted(text) {
			return fmt.Sprintf("%q is unwanted: %v", text, got)
		}
	}
	for _, e := range newest(r.Said(), 20) {
		if got := f.Hidden(e.Offset); got != slices.Contains(r.State.Hidden, e.Offset) {
			return fmt.Sprintf("%d is hidden: %v", e.Offset, got)
		}
	}
	for _, k := range newest(r.IDs(), 40) {
		if k.Kind != chat.TypeMessage || strings.HasPrefix(k.Sender, "app ") || log[len(log)-1].Offset+1-k.Offset > r.Horizon {
			continue
		}
		if at, why, known := f.Known(k.Sender, k.ID); !known || at != k.Offset || string(why) != k.Why {
			return fmt.Sprintf("the message %q of %q, at %d, refused for %q: %d %q %v", k.ID, k.Sender, k.Offset, k.Why, at, why, known)
		}
	}
	return ""
}
