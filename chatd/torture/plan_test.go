package main

import (
	"reflect"
	"testing"
)

func TestAPlanReplays(t *testing.T) {
	if !reflect.DeepEqual(Plan(7, 100, 3), Plan(7, 100, 3)) {
		t.Error("the same seed gives two plans")
	}
	if reflect.DeepEqual(Plan(7, 100, 3), Plan(8, 100, 3)) {
		t.Error("two seeds give one plan")
	}
}

func TestAPlanHasEverything(t *testing.T) {
	did := make(map[TroubleKind]int)
	kills := 0
	hit := make(map[int]bool)
	for _, burst := range Plan(1, 100, 3) {
		for i, trouble := range burst {
			did[trouble.Kind]++
			hit[trouble.Which] = true
			if trouble.Kind.IsKill() {
				kills++
			}
			if i > 0 && trouble.After < burst[i-1].After {
				t.Errorf("%v comes after %v, and is earlier", trouble, burst[i-1])
			}
		}
	}
	if kills != 100 {
		t.Errorf("100 kills were asked for, and %d are planned", kills)
	}
	// What a chatd has accepted and not published dies with it: only then can a
	// tick that came too early be told from one that was true.
	if n := dyingWithMessages(Plan(1, 500, 3)); n < 20 {
		t.Errorf("%d times in five hundred kills a chatd dies while it cannot publish", n)
	}
	if len(hit) != 3 {
		t.Errorf("of three chatd, %d are hit", len(hit))
	}
	for _, k := range kinds {
		if did[k.kind] == 0 {
			t.Errorf("a hundred kills without: %s", k.kind)
		}
	}
}

// dyingWithMessages returns how often a chatd is killed while the way to RabbitMQ
// is barred, or slow.
func dyingWithMessages(plan [][]Trouble) (n int) {
	for _, burst := range plan {
		for _, kill := range burst {
			for _, t := range burst {
				barred := t.Kind == KillBroker || t.Kind == PauseBroker ||
					t.Which == kill.Which && (t.Kind == StallBroker || t.Kind == DelayBroker)
				if kill.Kind == KillDaemon && barred && t.After < kill.After && kill.After < t.After+t.For {
					n++
				}
			}
		}
	}
	return n
}
