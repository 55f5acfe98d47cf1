package trial

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

// FuzzBegin: whatever is left of the record after a power cut, a system that
// starts by itself is left alone, another one is on trial or goes back, the trial
// has a bounded time, and the record is written as it can be read.
func FuzzBegin(f *testing.F) {
	f.Add([]byte(`{"state":"trying","root":"B","version":"v","sha256":"ab","seconds":60}`), true, false)
	f.Add([]byte(`{"state":"back","root":"A","seconds":-1,"why":"<\u2028>"}`), false, true)
	f.Add([]byte(`{"state":"nonsense","root":null}`), false, false)
	f.Add([]byte(`{"root":"C"}`), true, true)
	f.Fuzz(func(t *testing.T, js []byte, runningB, ownB bool) {
		root := map[bool]Root{false: A, true: B}
		running, own := root[runningB], root[ownB]
		var kept Record
		if json.Unmarshal(js, &kept) != nil {
			kept = Record{}
		}
		r, step := Begin(kept, running, own)
		if (step == Run) != (running == own) || step == Try && (r.State != Trying || r.Root != running) || step == GoBack && (r.State != Back || r.Root != running) {
			t.Fatalf("%+v, %v runs, %v starts by itself: %+v, step %d", kept, running, own, r, step)
		}
		if again, step2 := Begin(r, running, own); again != r || step2 != step {
			t.Fatalf("%+v, step %d, and then %+v, step %d", r, step, again, step2)
		}
		if d := r.Time(); d < LeastTime || d > MostTime {
			t.Fatalf("a trial of %v", d)
		}
		text, err := json.Marshal(r)
		var back Record
		if err == nil && r.Root != 0 {
			err = json.Unmarshal(text, &back)
		}
		if err != nil || r.Root != 0 && back != r {
			t.Fatalf("%+v is written as %s, and read as %+v, %v", r, text, back, err)
		}
	})
}

// FuzzJudge: however the room is, from look to look, a trial ends by its time,
// and a system is kept only after WellFor of looks in a row that found it well.
func FuzzJudge(f *testing.F) {
	f.Add([]byte("wwwwwwwwwww"), 30)
	f.Add([]byte("w-w-w-w-wwwwwwwwwwwwwwwwww"), 10)
	f.Add([]byte{255, 'w', 1, 255, 255}, -5)
	f.Fuzz(func(t *testing.T, looks []byte, seconds int) {
		j := Judge{Time: Record{Seconds: seconds}.Time()}
		now, since := time.Duration(0), time.Duration(-1)
		for _, look := range looks {
			now += time.Duration(look%8) * time.Second
			var wrong error
			if look&1 == 0 {
				wrong, since = errors.New("it is not"), -1
			} else if since < 0 {
				since = now
			}
			v, why := j.See(now, wrong)
			if (v == Fail) != (why != "") || (v == Keep) != (since >= 0 && now-since >= WellFor) || v == Wait && now >= j.Time {
				t.Fatalf("at %v, well since %v: %d, %q", now, since, v, why)
			}
			if v != Wait {
				return
			}
		}
	})
}
