package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"warren/chatd/chat"
)

func TestSayComesBackToAll(t *testing.T) {
	s := serve(t, DefaultLimits)
	ada, welcome := s.join(t, map[string]any{"name": "Ada"})
	if welcome.You.Name != "Ada" || welcome.You.ID == "" || welcome.Head != -1 || welcome.Broker != "up" || welcome.Epoch == "" || welcome.Gap {
		t.Errorf("welcome is %+v", welcome)
	}
	bob, _ := s.join(t, nil)
	ref := uuid.NewString()
	ada.say(ref, "  hello <b>& ü 🐇 ")
	for _, c := range []*client{ada, bob} {
		r := c.records(1)[0]
		if r.Ref != ref || r.From != welcome.You || r.Text != "  hello <b>& ü 🐇" || r.Boot == "" {
			t.Errorf("record is %+v", r)
		}
	}
}

func TestSaidTwiceIsShownOnce(t *testing.T) {
	s := serve(t, unlimited)
	ada, _ := s.join(t, nil)
	eve, _ := s.join(t, nil)
	ada.say("one", "hello")
	if r := eve.records(1)[0]; r.Ref != "one" {
		t.Fatalf("record is %+v", r)
	}
	ada.records(1)
	ada.say("one", "hello")
	if f := ada.next("known"); f.Ref != "one" || f.Offset != 0 {
		t.Errorf("answer is %+v", f)
	}
	// The same id of somebody else is another message: nobody can suppress
	// what another is about to say.
	eve.say("one", "mine")
	if r := ada.records(1)[0]; r.Text != "mine" {
		t.Errorf("record is %+v", r)
	}
}

func TestHistoryAndResume(t *testing.T) {
	s := serve(t, unlimited)
	device := uuid.NewString()
	ada, welcome := s.join(t, map[string]any{"device": device})
	for i := range 300 {
		ada.say(fmt.Sprintf("m%d", i), fmt.Sprint("message ", i))
	}
	all := ada.records(300)
	for i, r := range all {
		if r.Text != fmt.Sprint("message ", i) {
			t.Fatalf("record %d is %+v", i, r)
		}
	}

	late, w := s.join(t, nil)
	if w.Head != all[299].Offset || w.Resumed || w.Gap {
		t.Errorf("welcome is %+v", w)
	}
	if recent := late.records(200); recent[0].Offset != all[100].Offset || len(recent) != 200 {
		t.Errorf("history begins with %+v and has %d", recent[0], len(recent))
	}
	late.send(map[string]any{"type": "older", "before": all[100].Offset, "count": 60})
	if f := late.next("older"); len(f.Records) != 60 || f.Records[0].Offset != all[40].Offset || !f.More || f.Before != all[100].Offset {
		t.Errorf("older has %d records from %+v, more %v", len(f.Records), f.Records[0], f.More)
	}
	late.send(map[string]any{"type": "older", "before": all[40].Offset, "count": 60})
	if f := late.next("older"); len(f.Records) != 40 || f.More {
		t.Errorf("the oldest has %d records, more %v", len(f.Records), f.More)
	}

	back, w := s.join(t, map[string]any{"device": device, "since": all[250].Offset, "epoch": welcome.Epoch})
	if !w.Resumed || w.Gap || w.You.ID != welcome.You.ID {
		t.Errorf("welcome is %+v", w)
	}
	if missed := back.records(49); missed[0].Offset != all[251].Offset || len(missed) != 49 {
		t.Errorf("resumed with %d records from %+v", len(missed), missed[0])
	}

	_, w = s.join(t, map[string]any{"since": all[250].Offset, "epoch": "another"})
	if w.Resumed || !w.Gap {
		t.Errorf("welcome for another epoch is %+v", w)
	}
	_, w = s.join(t, map[string]any{"since": int64(1) << 40, "epoch": welcome.Epoch})
	if w.Resumed || !w.Gap {
		t.Errorf("welcome for an offset that never was is %+v", w)
	}
}

// A phone that slept for longer than the window holds is served from the log.
func TestResumeBeyondTheWindow(t *testing.T) {
	s := serve(t, unlimited)
	ada, welcome := s.join(t, nil)
	const n = 5000
	go func() {
		for i := range n {
			ada.WriteJSON(map[string]any{"type": "say", "ref": fmt.Sprintf("m%d", i), "text": fmt.Sprint(i)})
		}
	}()
	all := ada.records(n)
	back, w := s.join(t, map[string]any{"since": all[3].Offset, "epoch": welcome.Epoch})
	if !w.Resumed || w.Gap {
		t.Fatalf("welcome is %+v", w)
	}
	for i, r := range back.records(n - 4) {
		if r.Offset != all[i+4].Offset || r.Text != fmt.Sprint(i+4) {
			t.Fatalf("record %d is %+v, must be %+v", i, r, all[i+4])
		}
	}
	ada.say("live", "live")
	if r := back.records(1)[0]; r.Text != "live" {
		t.Errorf("after catching up came %+v", r)
	}
}

func TestNames(t *testing.T) {
	s := serve(t, DefaultLimits)
	ada, w := s.join(t, map[string]any{"name": strings.Repeat("x", 10_000)})
	if f := ada.next("refused"); f.Why != "bad_name" {
		t.Errorf("answer is %+v", f)
	}
	if w.You.Name != chat.SuggestName(w.You.ID) {
		t.Errorf("name is %q", w.You.Name)
	}
	ada.send(map[string]any{"type": "name", "name": "\u202e Ada \u200b L. "})
	if f := ada.next("you"); f.You.Name != "Ada L." || f.You.ID != w.You.ID {
		t.Errorf("answer is %+v", f)
	}
	ada.send(map[string]any{"type": "name", "name": " \u200b "})
	if f := ada.next("refused"); f.Why != "bad_name" || f.Text != "The name is empty." {
		t.Errorf("answer is %+v", f)
	}
	ada.say("a", "hi")
	if r := ada.records(1)[0]; r.From.Name != "Ada L." {
		t.Errorf("record is %+v", r)
	}
}

func TestPresenceAndTyping(t *testing.T) {
	s := serve(t, DefaultLimits)
	device := uuid.NewString()
	ada, _ := s.join(t, map[string]any{"device": device, "name": "Ada"})
	s.join(t, map[string]any{"device": device, "name": "Ada"}) // a second tab is the same person
	bob, w := s.join(t, map[string]any{"name": "Bob"})
	for {
		if f := ada.next("presence"); f.Count == 2 && len(f.People) == 2 && f.People[0].Name == "Ada" && f.People[1] == w.You {
			break
		}
	}
	bob.send(map[string]any{"type": "typing"})
	if f := ada.next("typing"); f.From != w.You {
		t.Errorf("typing is %+v", f)
	}
	bob.Close()
	for {
		if f := ada.next("presence"); f.Count == 1 {
			break
		}
	}
}

func TestPing(t *testing.T) {
	s := serve(t, DefaultLimits)
	c, w := s.join(t, nil)
	c.send(map[string]any{"type": "ping"})
	if f := c.next("pong"); f.Now.Boot != w.Now.Boot || f.Now.UpMS < w.Now.UpMS {
		t.Errorf("pong is %+v", f)
	}
}

func TestShutdownSaysReconnect(t *testing.T) {
	s := serve(t, DefaultLimits)
	c, _ := s.join(t, nil)
	plain := s.dial(t, "")
	plain.WriteMessage(1, []byte("here"))
	plain.text()
	if err := s.gateway.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if code, last := c.closed(); code != 4000 || !strings.Contains(last, `"bye"`) {
		t.Errorf("closed with %d after %s", code, last)
	}
	if code, last := plain.closed(); code != 4000 || !strings.HasPrefix(last, "* ") {
		t.Errorf("plain closed with %d after %s", code, last)
	}
}
