package trial

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// What a start means, for each moment at which the power may have been cut in
// an update from A to B. docs/update.md has the same table.
func TestBegin(t *testing.T) {
	sent := Record{State: Sent, Root: B, Version: "v2", SHA256: "ab", Seconds: 60}
	with := func(s State, why string) Record { r := sent; r.State, r.Why = s, why; return r }
	const didNot = "it did not start: it broke down, or the power was cut meanwhile"
	const ended = "it started, and ended before it had proved itself: it broke down, or the power was cut meanwhile"
	for _, test := range []struct {
		when         string
		record       Record
		running, own Root
		want         Record
		step         Step
	}{
		{"a new card", Record{}, A, A, Record{}, Run},
		{"while it was sent, or before it was noted", Record{}, A, A, Record{}, Run},
		{"the same, after an update before", Record{State: Kept, Root: A}, A, A, Record{State: Kept, Root: A}, Run},
		{"after it was noted, before the trial", sent, A, A, with(Back, didNot), Run},
		{"the trial begins", sent, B, A, with(Trying, ""), Try},
		{"the daemon starts again in the trial", with(Trying, ""), B, A, with(Trying, ""), Try},
		{"in the trial", with(Trying, ""), A, A, with(Back, ended), Run},
		{"between keeping it and noting that", with(Trying, ""), B, B, with(Kept, ""), Run},
		{"the same, and the trial could not be noted", sent, B, B, with(Kept, ""), Run},
		{"after it was kept", with(Kept, ""), B, B, with(Kept, ""), Run},
		{"between giving it up and the restart", with(Back, "chatd is silent"), B, A, with(Back, "chatd is silent"), GoBack},
		{"after it was given up", with(Back, "chatd is silent"), A, A, with(Back, "chatd is silent"), Run},

		{"the record is lost in the trial", Record{}, B, A, Record{State: Trying, Root: B}, Try},
		{"the record is an older one", Record{State: Kept, Root: B, Version: "v0", Seconds: 1800}, B, A, Record{State: Trying, Root: B}, Try},
		{"the record is of the other root", Record{State: Back, Root: A, Why: "x"}, B, A, Record{State: Trying, Root: B}, Try},
		{"back from B to A", Record{State: Sent, Root: A}, A, B, Record{State: Trying, Root: A}, Try},
	} {
		got, step := Begin(test.record, test.running, test.own)
		if got != test.want || step != test.step {
			t.Errorf("%s: got %+v, step %d, want %+v, step %d", test.when, got, step, test.want, test.step)
		}
	}
}

// Whatever is found at a start: a system that starts by itself is left alone,
// another one is on trial or gives up, and it stays so if it starts once more.
func TestBeginIsSafe(t *testing.T) {
	for _, state := range []State{"", Sent, Trying, Kept, Back, "nonsense"} {
		for _, root := range []Root{0, A, B} {
			for _, running := range []Root{A, B} {
				for _, own := range []Root{A, B} {
					r, step := Begin(Record{State: state, Root: root}, running, own)
					if (step == Run) != (running == own) {
						t.Errorf("%q of %v, %v runs, %v starts by itself: step %d", state, root, running, own, step)
					}
					if step == Try && (r.State != Trying || r.Root != running) {
						t.Errorf("%q of %v: on trial as %+v", state, root, r)
					}
					if again, step2 := Begin(r, running, own); again != r || step2 != step {
						t.Errorf("%q of %v: %+v, step %d, and then %+v, step %d", state, root, r, step, again, step2)
					}
				}
			}
		}
	}
}

func TestJudge(t *testing.T) {
	bad := errors.New("the broker is starting")
	// One look a second; each letter is one: w well, - not.
	for _, test := range []struct {
		looks string
		at    int // of the verdict, in seconds
		want  Verdict
		why   string
	}{
		{"wwwwwwwwwww", 10, Keep, ""},
		{"-----wwwwwwwwwww", 15, Keep, ""},
		{"wwwwwwwww-wwwwwwwwwww", 20, Keep, ""}, // in a row
		{strings.Repeat("-", 31), 30, Fail, "it had not proved itself 30s after its start: the broker is starting"},
		{strings.Repeat("-", 25) + "wwwwww", 30, Fail, "it had not proved itself 30s after its start: the room was well for 5s only, and 10s in a row are wanted"},
		{strings.Repeat("-", 20) + strings.Repeat("w", 11), 30, Keep, ""},
		{strings.Repeat("w-", 16), 30, Fail, "it had not proved itself 30s after its start: the room was well for 0s only, and 10s in a row are wanted"},
	} {
		j := Judge{Time: 30 * time.Second}
		for i, look := range test.looks {
			wrong := bad
			if look == 'w' {
				wrong = nil
			}
			v, why := j.See(time.Duration(i)*time.Second, wrong)
			if i == test.at {
				if v != test.want || why != test.why {
					t.Errorf("%s: %d, %q", test.looks, v, why)
				}
				break
			}
			if v != Wait {
				t.Errorf("%s: %d already after %d s", test.looks, v, i)
				break
			}
		}
	}
	// A daemon that comes too late to see anything gives up at once.
	j := Judge{Time: time.Minute}
	if v, why := j.See(2*time.Minute, bad); v != Fail || !strings.Contains(why, "1m0s") {
		t.Errorf("%d, %q", v, why)
	}
}

func TestRecord(t *testing.T) {
	for seconds, want := range map[int]time.Duration{0: DefaultTime, 1: LeastTime, -5: LeastTime, 90: 90 * time.Second, 1 << 40: MostTime} {
		if got := (Record{Seconds: seconds}).Time(); got != want {
			t.Errorf("%d s: %v", seconds, got)
		}
	}
	r := Record{State: Trying, Root: B, Version: "v2", SHA256: "ab", Seconds: 60, Why: "x"}
	js, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Record
	if err := json.Unmarshal(js, &back); err != nil || back != r {
		t.Errorf("%s becomes %+v, %v", js, back, err)
	}
	if err := json.Unmarshal([]byte(`{"root": "C"}`), &back); err == nil {
		t.Error("there is a root C")
	}
	if A.Other() != B || B.Other() != A || A.String() != "A" || Root(0).String() != "neither" {
		t.Error("the roots are confused")
	}
}
