package main

import (
	"net"
	"slices"
	"sync"

	"warren/chatd/bench/speak"
	"warren/chatd/session"
)

// hub joins all sockets. One goroutine writes to all of them, what has arrived
// while it wrote the last time: on two cores that takes a third of the CPU time
// of a goroutine for each socket, and half of that of two which share the
// sockets. A machine of many cores, with the client on some of them, may do
// better with several.
type hub struct {
	protocol speak.Protocol
	wake     chan struct{} // capacity 1: something arrived

	mu      sync.Mutex
	open    map[net.Conn]bool
	joined  []net.Conn // those of open that are written to
	arrived []byte     // frames of text, or records of warren.v1
	offset  int64      // of the next message
}

func newHub(p speak.Protocol) *hub {
	return &hub{protocol: p, wake: make(chan struct{}, 1), open: make(map[net.Conn]bool)}
}

// close ends all connections. Later ones, of handshakes that were under way,
// are ended by the end of the process.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for conn := range h.open {
		conn.Close()
	}
}

// serve reads from conn until it ends.
func (h *hub) serve(conn net.Conn, phone *speak.Phone) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open[conn] = true
	if h.protocol == speak.Text {
		h.joined = append(h.joined, conn)
	}
	for in := (frames{from: conn}); ; {
		h.mu.Unlock()
		err := in.more()
		h.mu.Lock()
		if err == nil {
			err = h.take(&in, conn, phone)
		}
		if err != nil {
			break
		}
	}
	delete(h.open, conn)
	h.joined = slices.DeleteFunc(h.joined, func(c net.Conn) bool { return c == conn })
	conn.Close()
}

// take takes all frames that were read. h.mu is held.
func (h *hub) take(in *frames, conn net.Conn, phone *speak.Phone) error {
	for {
		frame, ok, err := in.take()
		if !ok {
			return err
		}
		if answer := phone.Answer(frame); answer != nil {
			conn.Write(session.AppendFrame(nil, answer)) // it fits into the kernel's buffer
			h.joined = append(h.joined, conn)
			continue
		}
		h.add(phone, frame)
		select {
		case h.wake <- struct{}{}:
		default:
		}
	}
}

// add adds a message to what has arrived. h.mu is held.
func (h *hub) add(phone *speak.Phone, frame []byte) {
	if h.protocol == speak.Text {
		var space [512]byte // on the stack, for what people say
		h.arrived = session.AppendFrame(h.arrived, phone.AppendSaid(space[:0], frame, h.offset))
	} else {
		if len(h.arrived) > 0 {
			h.arrived = append(h.arrived, ',')
		}
		h.arrived = phone.AppendSaid(h.arrived, frame, h.offset)
	}
	h.offset++
}

// write writes what arrives to all until ended is closed.
func (h *hub) write(ended <-chan struct{}) {
	var batch, frames []byte
	var conns []net.Conn
	for {
		select {
		case <-ended:
			return
		case <-h.wake:
		}
		h.mu.Lock()
		batch, h.arrived = h.arrived, batch[:0]
		conns = append(conns[:0], h.joined...)
		h.mu.Unlock()
		frames = batch
		if h.protocol == speak.Warren {
			frames = session.AppendFrame(nil, slices.Concat([]byte(speak.LogBegin), batch, []byte(speak.LogEnd)))
		}
		for _, conn := range conns {
			conn.Write(frames) // who is gone is taken out by its reader
		}
	}
}
