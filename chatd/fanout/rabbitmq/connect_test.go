package rabbitmq

import (
	"context"
	"testing"
	"time"
)

// TestEndWhileItHangs says goodbye to a broker that sends heartbeats and does
// nothing else: so is the node of a cluster that waits for another one.
func TestEndWhileItHangs(t *testing.T) {
	p, via := newProxy(t, broker(t))
	l, err := dial(t.Context(), via, "test")
	if err != nil {
		t.Fatal(err)
	}
	shared.node.Pause()
	defer shared.node.Resume()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p.mu.Lock()
	for c := range p.conns {
		p.wg.Go(func() {
			heartbeat := []byte{8, 0, 0, 0, 0, 0, 0, 0xCE}
			for ctx.Err() == nil && c.write(heartbeat) == nil {
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
	p.mu.Unlock()
	begin := time.Now()
	l.end()
	if d := time.Since(begin); d > 2*closeTime {
		t.Errorf("the end took %v", d)
	}
}
