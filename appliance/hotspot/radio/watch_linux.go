package radio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Watch asks the radio itself how it is. hostapd does not know: when the firmware
// of a Pi's radio halts, or the radio is gone, no phone sees the Wi-Fi any more
// and hostapd goes on saying ENABLED (raspberrypi/linux#2453, #3408).
type Watch struct {
	Interface string // of an access point that is up

	Times Times // Patient if zero

	look func(name string, firmware bool) (sight, error) // the kernel's, but in tests
}

// Times are how patient a watch is.
type Times struct {
	Look   time.Duration // between two looks at the interface
	Every  time.Duration // between two questions to the firmware
	Answer time.Duration // for the answer to one
	Again  time.Duration // until a second look when one was bad
}

// Patient is the patience for a Pi. brcmfmac gives the firmware 2.5 s for an
// answer, and other questions may be before this one, such as hostapd's: 10 s are
// three of them. A question is some hundred bytes over SDIO: at one in 30 s nobody
// notices. So a firmware that has halted is found within 30 + 3 + 10 + 2 + 10 =
// 55 s, and mostly within 40. To look at the interface costs microseconds: one that
// is gone or off is found within 3 + 2 = 5 s.
var Patient = Times{Look: 3 * time.Second, Every: 30 * time.Second, Answer: 10 * time.Second, Again: 2 * time.Second}

// Errors of Run.
var (
	// ErrDead is about a radio that does not come back by itself: its driver has
	// to begin anew.
	ErrDead = errors.New("the radio does not answer any more")

	// ErrOff is about one that somebody has switched off below hostapd: starting
	// hostapd again switches it on.
	ErrOff = errors.New("the radio was switched off")
)

// sight is how a radio is, as its driver tells.
type sight struct {
	on       bool // the interface is on, and the access point sends
	firmware bool // it was asked; the rest is known only then
	stations int  // phones that are on it
	sent     uint64
	failed   uint64 // packets that could not be sent
	took     time.Duration
}

// Run watches until the radio is not well any more, which is an error, or ctx
// ends. One bad look may be a coincidence; a second one soon after is not.
func (w Watch) Run(ctx context.Context) error {
	if w.Times == (Times{}) {
		w.Times = Patient
	}
	if w.look == nil {
		w.look = look
	}
	var q question
	var c course
	pause, suspect := time.Duration(0), false // the first look is what others are compared with
	var asked time.Time                       // the firmware
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		firmware := suspect || time.Since(asked) >= w.Times.Every
		if firmware {
			asked = time.Now()
		}
		asking, cancel := context.WithTimeout(ctx, w.Times.Answer)
		s, err := ask(asking, &q, func() (sight, error) { return w.look(w.Interface, firmware) })
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %v", w.Times.Answer)
		}
		bad := c.judge(s, err)
		switch {
		case bad == nil:
			pause, suspect = w.Times.Look, false
		case suspect:
			return bad
		default:
			pause, suspect = w.Times.Again, true
		}
	}
}

// course is what was seen of a radio until now.
type course struct {
	last     sight // that was well
	on       bool  // it was on
	answered bool  // the firmware has listed its phones
}

// slow is from when on an answer must have been waited for: the driver's own
// patience with its firmware, 2.5 s (DCMD_RESP_TIMEOUT in sdio.c of brcmfmac), less
// what a clock may be off.
const slow = 2 * time.Second

// judge returns what is wrong with a radio, nil if nothing is.
func (c *course) judge(s sight, err error) error {
	// brcmfmac says "not supported" for any bad answer of its firmware, also for
	// none (cfg80211.c, brcmf_cfg80211_dump_station). It is to be believed where
	// the firmware never could, and was quick to say so.
	if errors.Is(err, unix.EOPNOTSUPP) && !c.answered && s.took < slow {
		err = nil
	}
	// EBADE is what it says when the firmware has answered, and has refused
	// (fwil.c): one of the phones on its list has just left, say.
	if errors.Is(err, unix.EBADE) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDead, err)
	}
	if !s.firmware {
		on := s.on
		s = c.last
		s.on = on
	}
	was := c.last
	switch {
	// A driver that never says that it is on is not to be judged by it.
	case c.on && !s.on:
		return ErrOff
	// What is for phones that are here cannot be sent, and nothing else is.
	case was.stations > 0 && s.stations > 0 && s.failed > was.failed && s.sent == was.sent:
		return fmt.Errorf("%w: it sends nothing, and %d packets have failed", ErrDead, s.failed-was.failed)
	}
	c.last = s
	c.on = c.on || s.on
	c.answered = c.answered || s.stations >= 0
	return nil
}

// look looks at the interface, and asks the firmware, too, for the list of its
// phones: a dump of stations (nl80211.h, NL80211_CMD_GET_STATION). Where that is
// not supported, stations is -1.
func look(name string, firmware bool) (s sight, err error) {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return s, fmt.Errorf("look at %s: %w", name, err)
	}
	a := l.Attrs()
	const on = unix.IFF_UP | unix.IFF_LOWER_UP // netdevice(7)
	s.on = a.RawFlags&on == on
	if a.Statistics != nil {
		s.sent, s.failed = a.Statistics.TxPackets, a.Statistics.TxErrors+a.Statistics.TxDropped
	}
	if !firmware {
		return s, nil
	}
	s.firmware = true
	begun := time.Now()
	s.stations, err = countStations(a.Index)
	s.took = time.Since(begun)
	if err != nil {
		s.stations = -1
		return s, fmt.Errorf("list the phones on %s: %w", name, err)
	}
	return s, nil
}

func countStations(index int) (int, error) {
	family, err := netlink.GenlFamilyGet(unix.NL80211_GENL_NAME)
	if err != nil {
		return 0, err
	}
	req := nl.NewNetlinkRequest(int(family.ID), unix.NLM_F_DUMP)
	req.AddData(&nl.Genlmsg{Command: unix.NL80211_CMD_GET_STATION, Version: nl.GENL_CTRL_VERSION})
	req.AddData(nl.NewRtAttr(unix.NL80211_ATTR_IFINDEX, nl.Uint32Attr(uint32(index))))
	messages, err := req.Execute(unix.NETLINK_GENERIC, 0)
	if errors.Is(err, nl.ErrDumpInterrupted) {
		err = nil // a phone came or left meanwhile
	}
	return len(messages), err
}
