package emulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
)

// maxConsole is how much of the console's text is kept, in bytes, and up to twice
// that. A boot says about 40 KiB.
const maxConsole = 256 << 10

// console keeps the end of what a machine said, on its serial line.
type console struct {
	copy io.Writer // gets it, too; or nil

	mu      sync.Mutex
	text    []byte
	gone    int64         // bytes before text
	read    int64         // how far await has got
	changed chan struct{} // closed at the next change
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, p...)
	if over := len(c.text) - maxConsole; over > maxConsole {
		c.text = append(c.text[:0], c.text[over:]...)
		c.gone += int64(over)
	}
	close(c.changed)
	c.changed = make(chan struct{})
	if c.copy != nil {
		c.copy.Write(p) // its problems are its own
	}
	return len(p), nil
}

// end returns how much was said so far, for since.
func (c *console) end() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone + int64(len(c.text))
}

// since returns what is kept of all that was said after mark.
func (c *console) since(mark int64) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.text[max(0, mark-c.gone):])
}

// await waits until text was said, after what it waited for the last time.
func (c *console) await(ctx context.Context, text string, ended <-chan struct{}) error {
	for {
		c.mu.Lock()
		from := max(0, c.read-c.gone)
		at := bytes.Index(c.text[from:], []byte(text))
		if at >= 0 {
			c.read = c.gone + from + int64(at+len(text))
		}
		changed := c.changed
		c.mu.Unlock()
		if at >= 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ended:
			return fmt.Errorf("the emulator has ended without %q on its console", text)
		case <-ctx.Done():
			return fmt.Errorf("the console does not say %q: %w", text, ctx.Err())
		}
	}
}
