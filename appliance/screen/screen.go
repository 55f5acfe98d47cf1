package main

import (
	"context"
	"image"
	"log/slog"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"warren/appliance/screen/canvas"
	"warren/appliance/screen/layout"
	"warren/appliance/screen/room"
	"warren/appliance/screen/text"
	"warren/appliance/settings"
	"warren/chatd/invite"
	"warren/internal/status"
)

const (
	// lookEvery is how often the daemons' files are looked at.
	lookEvery = 2 * time.Second

	// rest is the least time between two drawings; after a long one it is longer,
	// so that a flood of messages takes a fifth of one processor.
	rest, restFactor = 100 * time.Millisecond, 4

	// All is drawn again soon after the first time and then every minute, whatever
	// has changed: what the kernel has written over it meanwhile (the end of a
	// scroll, the text of an oops) would stay for the evening. At 3840×2160 that takes
	// a fifth of a second of a processor, 0.4 % of it.
	redrawSoon, redrawEvery = 5 * time.Second, time.Minute
)

// display is what is drawn on: a framebuffer.Device.
type display interface {
	canvas.Surface
	Refresh() error
}

// screen shows the room on a display.
type screen struct {
	o       *options
	device  display
	log     *slog.Logger
	set     *text.Setter
	canvas  *canvas.Canvas
	size    image.Point
	seen    layout.View
	changed chan struct{} // has one when the room has changed

	mu   sync.Mutex
	room room.Room
}

func newScreen(o *options, device display, log *slog.Logger) *screen {
	set, err := text.NewSetter(o.font)
	if err != nil {
		log.Warn("some scripts cannot be drawn: a plain mark stands for them", "error", err)
	}
	return &screen{
		o: o, device: device, log: log, set: set,
		changed: make(chan struct{}, 1), room: room.Room{Count: -1},
	}
}

// run shows the room until ctx ends; then it says so on the display.
func (s *screen) run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() { room.Watch(ctx, s.o.chat, s.log, s.hear) })
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	redraw := time.Now().Add(redrawSoon)
	for {
		if time.Now().After(redraw) {
			s.canvas, redraw = nil, time.Now().Add(redrawEvery) // see draw
		}
		begun := time.Now()
		if err := s.draw(s.view()); err != nil {
			return err
		}
		pause := max(rest, restFactor*time.Since(begun))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		select {
		case <-ctx.Done():
			// The kernel's messages are not to be seen: only root may bring them
			// back. So the display says itself that what it shows is over.
			v := s.view()
			v.Trouble, v.Messages, v.Pin, v.Notice, v.State = nil, nil, "", s.o.words.Ends, ""
			return s.draw(v)
		case <-s.changed:
		case <-look.C:
		}
	}
}

// hear takes in what is known of the room.
func (s *screen) hear(r room.Room) {
	s.mu.Lock()
	s.room = r
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default: // it will be looked at in any case
	}
}

// draw shows a view: as much of it as is not there already.
func (s *screen) draw(v layout.View) error {
	if err := s.device.Refresh(); err != nil {
		return err
	}
	switch size := s.device.Bounds().Size(); {
	case s.canvas == nil || size != s.size:
		s.canvas, s.size = canvas.New(s.device, layout.Page), size
	case reflect.DeepEqual(v, s.seen):
		return nil
	}
	s.seen = v
	written, err := s.canvas.Show(layout.Items(v, s.size, s.set))
	if written > 0 {
		s.log.Debug("the display has changed", "tiles", written)
	}
	return err
}

// view puts together what there is to see.
func (s *screen) view() layout.View {
	s.mu.Lock()
	r := s.room
	s.mu.Unlock()
	w := s.o.words
	v := layout.View{
		Words: w, Join: s.o.show == settings.ShowJoin,
		Title: r.Title, Count: r.Count, WiFi: s.o.wifi, URL: s.o.chatURL.String(), Pin: r.Pin,
	}
	if v.Title == "" {
		v.Title = s.o.wifi.Name
	}
	sections := status.Read(s.o.statusDir)
	v.Trouble = trouble(sections)
	if slices.ContainsFunc(sections, func(t status.Section) bool { return t.Wrong && t.Title == "Wi-Fi" }) {
		v.Cable = s.cable()
	}
	v.State = s.state(r)
	switch {
	case r.Off:
		v.Notice = w.Closed
		if r.Notice != "" {
			v.Notice = r.Notice
		}
	case r.Title == "": // we have never been in the room
		v.Notice, v.State = w.Warming, "" // once is enough
	}
	if v.Notice == "" {
		for _, m := range r.Messages {
			v.Messages = append(v.Messages, layout.Message{Name: m.From.Name, ID: m.From.ID, Text: m.Text, Picture: m.Picture, Edited: m.Edited})
		}
	}
	return v
}

// trouble returns what the host should do something about, a sentence or two of
// each thing that is wrong.
func trouble(sections []status.Section) []string {
	var all []string
	for _, t := range sections {
		if t.Wrong {
			all = append(all, strings.Join(append(slices.Clone(t.Text), t.List...), " "))
		}
	}
	return all
}

// state says in one sentence how the room is.
func (s *screen) state(r room.Room) string {
	w := s.o.words
	switch {
	case r.Title == "":
		return w.Warming
	case !r.Connected:
		return w.Offline
	case r.Broker == "up":
		return w.OpenRoom
	case len(r.Messages) == 0:
		return w.Warming
	}
	return w.Resting
}

// cable returns where the chat is for whoever comes by cable; empty: nowhere.
func (s *screen) cable() string {
	guests := s.o.chatURL.Hostname()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || !p.Addr().Is4() || !p.Addr().IsPrivate() || p.Addr().String() == guests {
			continue
		}
		url, ok := invite.URL(net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.Addr(), port(s.o.chatURL.Port()))))
		if ok {
			return url
		}
	}
	return ""
}

// port returns the number of a port in a URL, which has none for 80.
func port(s string) uint16 {
	if p, err := netip.ParseAddrPort("0.0.0.0:" + s); err == nil {
		return p.Port()
	}
	return 80
}
