package rabbitmq

import (
	"net"
	"sync"
)

// maxCorked is how many bytes are held back at most: a hundred records of a
// usual message, and what one write may have without waiting for the broker.
const maxCorked = 32 << 10

// corked is a connection whose writes can be held back, to go out as one. The
// client library makes a write of each record. Its methods may be called
// concurrently.
type corked struct {
	net.Conn

	mu   sync.Mutex
	held bool
	buf  []byte
}

// Write implements net.Conn. What is held back is reported as written; that it
// could not be is reported later, by another Write or by uncork.
func (c *corked) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.held {
		return c.Conn.Write(b)
	}
	c.buf = append(c.buf, b...)
	if len(c.buf) >= maxCorked {
		if err := c.flush(); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// cork holds back what is written from now on, until uncork.
func (c *corked) cork() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = true
}

// uncork writes what was held back.
func (c *corked) uncork() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
	return c.flush()
}

func (c *corked) flush() error {
	if len(c.buf) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}
