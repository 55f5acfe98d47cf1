package fold

import (
	"testing"

	"warren/chatd/chat"
)

// What is never in a log is not compared either.
func TestGeneratedLogsHaveAllThatIsJudged(t *testing.T) {
	met := make(map[string]int)
	records := 0
	for seed := range uint64(2000) {
		r := newReference()
		start, log := generate(seed, 120)
		if start != nil {
			r.begin(*start)
		}
		for _, rec := range log {
			r.read(rec)
			records++
		}
		for _, no := range r.refused {
			met[no.Why]++
		}
		for _, e := range r.view("g1") {
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
		met["repeats"] += r.repeated
		met["reactions"] += len(r.reactions("g1"))
		for name, is := range map[string]bool{"erased": r.state.Erased, "kicked now": len(r.state.Kicked) > 0, "boots forgotten": len(r.began) == r.boots,
			"muted full": len(r.state.Muted) == chat.MaxMuted, "clears": len(r.state.Clears) > 1, "deeds full": len(r.state.Deeds) == chat.MaxDone, "spoke": len(r.spoke) > 0} {
			if is {
				met[name]++
			}
		}
	}
	t.Log(records, met)
	for _, what := range []string{"kicked", "off", "locked", "no_pictures", "slow_down", "words", "no_such", "not_yours", "too_late",
		"shown message", "shown reaction", "shown edit", "shown delete", "shown hide", "shown clear", "alone message", "alone reaction", "alone edit",
		"alone delete", "edited", "gone hidden", "gone deleted", "repeats", "reactions", "erased", "kicked now", "boots forgotten", "muted full", "clears", "deeds full", "spoke"} {
		if met[what] < 10 {
			t.Errorf("%q is in %d of 2000 logs only", what, met[what])
		}
	}
}
