package reference

import (
	"testing"
	"time"

	"warren/chatd/chat"
)

// What is never in a log is not compared either.
func TestGeneratedLogsHaveAllThatIsJudged(t *testing.T) {
	met := make(map[string]int)
	records := 0
	b := Bounds{Horizon: 2000, MaxBoots: 64, MaxSpoken: 500, SlowSlack: time.Second}
	for seed := range uint64(1000) {
		r := &Room{Bounds: b}
		start, log := Generate(b, seed, 120)
		if start != nil {
			r.Begin(*start)
		}
		for _, rec := range log {
			r.Read(rec)
			records++
		}
		for _, e := range r.entries {
			met[e.why]++
			met[e.why+" "+e.Kind]++
			if e.repeat {
				met["repeats"]++
			}
		}
		for _, e := range r.View("g1") {
			met["shown "+e.Kind]++
			if e.Only != "" {
				met["alone "+e.Kind]++
			}
			if e.Edited {
				met["edited"]++
			}
			if e.Gone != "" {
				met["gone "+e.Gone]++
			}
		}
		met["reactions"] += len(r.Reactions("g1"))
		for name, is := range map[string]bool{"erased": r.State.Erased, "kicked now": len(r.State.Kicked) > 0, "boots forgotten": len(r.bases) == r.MaxBoots,
			"muted full": len(r.State.Muted) == chat.MaxMuted, "clears": len(r.State.Clears) > 1, "deeds full": len(r.State.Deeds) == chat.MaxDone, "spoke": len(r.spoken) > 0} {
			if is {
				met[name]++
			}
		}
	}
	t.Log(records, met)
	for _, what := range []string{"kicked", "off", "locked", "no_pictures", "slow_down message", "slow_down edit", "words", "no_such", "not_yours", "too_late",
		"shown message", "shown reaction", "shown edit", "shown delete", "shown hide", "shown clear", "alone message", "alone reaction", "alone edit",
		"alone delete", "edited", "gone hidden", "gone deleted", "repeats", "reactions", "erased", "kicked now", "boots forgotten", "muted full", "clears", "deeds full", "spoke"} {
		if met[what] < 4 {
			t.Errorf("%q is in %d of 1000 logs only", what, met[what])
		}
	}
}
