package main

import (
	"math/rand/v2"
	"time"
)

// A Trouble is something that is done to the room.
type Trouble struct {
	Kind  TroubleKind
	Which int           // of the chatd, or of the phones' doors; of a reader who leaves, any number
	After time.Duration // since the burst began
	For   time.Duration // how long it lasts; of a kill, until it is started again
}

// TroubleKind is what is done. Names are as the report has them.
type TroubleKind string

const (
	KillBroker  TroubleKind = "RabbitMQ killed (`kill -9`), started again"
	KillDaemon  TroubleKind = "a chatd killed (`kill -9`), started again"
	CutPhones   TroubleKind = "all phones of a chatd cut off"
	CutBroker   TroubleKind = "a chatd cut off from RabbitMQ"
	PauseBroker TroubleKind = "RabbitMQ paused (`SIGSTOP`)"
	PauseDaemon TroubleKind = "a chatd paused (`SIGSTOP`)"
	StallPhones TroubleKind = "the phones' link stalls"
	StallBroker TroubleKind = "the link to RabbitMQ stalls"
	DelayPhones TroubleKind = "the phones' link is slow"
	DelayBroker TroubleKind = "the link to RabbitMQ is slow"
	Leave       TroubleKind = "a reader leaves, comes back and resumes"
	Join        TroubleKind = "a new reader joins, and leaves for good"
	Flood       TroubleKind = "an AMQP client publishes 3,000 records that say nothing"
	SendOut     TroubleKind = "the host sends somebody out"
)

// kinds are all there are, in the order of the report: kills first. Most is the
// longest that one lasts: beyond what the other side puts up with in some
// cases (a chatd gives RabbitMQ 7.5 s, a phone gives a chatd 4 s), short of it in
// others.
var kinds = []struct {
	kind   TroubleKind
	weight int // how often, against the others
	most   time.Duration
}{
	{KillBroker, 3, 3 * time.Second},
	{KillDaemon, 6, 1500 * time.Millisecond},
	{CutPhones, 3, 0},
	{CutBroker, 3, 0},
	{PauseBroker, 2, 9 * time.Second},
	{PauseDaemon, 2, 6 * time.Second},
	{StallPhones, 2, 6 * time.Second},
	{StallBroker, 3, 9 * time.Second},
	{DelayPhones, 2, 4 * time.Second},
	{DelayBroker, 4, 4 * time.Second},
	{Leave, 3, 5 * time.Second},
	{Join, 3, 5 * time.Second},
	{Flood, 2, 0},
	{SendOut, 2, 0},
}

// IsKill reports whether the trouble counts as a kill: of a process, or of all
// connections to one.
func (k TroubleKind) IsKill() bool {
	return k == KillBroker || k == KillDaemon || k == CutPhones || k == CutBroker
}

// A burst is trouble that overlaps: at most maxBurst, in about burstTime. That is about
// as long as the room takes to recover from the first, so that some troubles hit
// a recovery, and a chatd dies now and then with what it could not publish yet,
// which is when a tick that came too early would show. After a burst the room is left alone until it is well, and the time
// is taken.
const (
	maxBurst  = 5
	burstTime = 3 * time.Second
)

// Plan returns bursts of trouble with that many kills in all, for a house of so many
// chatd. The same numbers give the same plan.
func Plan(seed uint64, kills, daemons int) (bursts [][]Trouble) {
	r := rand.New(rand.NewPCG(seed, 0))
	weights := 0
	for _, k := range kinds {
		weights += k.weight
	}
	for kills > 0 {
		var burst []Trouble
		for n := 1 + r.IntN(maxBurst); len(burst) < n && kills > 0; {
			i, w := 0, r.IntN(weights)
			for ; w >= kinds[i].weight; i++ {
				w -= kinds[i].weight
			}
			t := Trouble{Kind: kinds[i].kind, Which: r.IntN(daemons)}
			if len(burst) > 0 {
				t.After = burst[len(burst)-1].After + time.Duration(r.Int64N(int64(burstTime/maxBurst)*2))
			}
			if most := kinds[i].most; most > 0 {
				t.For = most/20 + time.Duration(r.Int64N(int64(most)))
			}
			if t.Kind.IsKill() {
				kills--
			}
			burst = append(burst, t)
		}
		bursts = append(bursts, burst)
	}
	return bursts
}
