package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// qmp speaks with QEMU's monitor: "QEMU Machine Protocol Specification", in
// QEMU's documentation.
type qmp struct {
	conn    io.ReadWriteCloser
	turn    sync.Mutex // held for a command and its answer
	last    int        // id of the last command
	answers chan qmpMessage
	reason  string // why the machine shut down; set before ended is closed
	ended   chan struct{}
}

type qmpMessage struct {
	ID     int
	Return json.RawMessage
	Error  *struct{ Desc string }
	Event  string
	Data   struct{ Reason string }
}

func newQMP(conn io.ReadWriteCloser) *qmp {
	q := &qmp{conn: conn, answers: make(chan qmpMessage, 1), ended: make(chan struct{})}
	go q.listen()
	return q
}

func (q *qmp) listen() {
	defer close(q.ended)
	defer q.conn.Close()
	for d := json.NewDecoder(q.conn); ; {
		var m qmpMessage
		if d.Decode(&m) != nil {
			return
		}
		switch {
		case m.Event == "SHUTDOWN":
			q.reason = m.Data.Reason
		case m.Return != nil || m.Error != nil:
			select {
			case q.answers <- m:
			default: // nobody has waited for two of them: the machine is not well
			}
		}
	}
}

// do does a command and returns what it returned.
func (q *qmp) do(ctx context.Context, command string, args map[string]any) (json.RawMessage, error) {
	q.turn.Lock()
	defer q.turn.Unlock()
	q.last++
	line := map[string]any{"execute": command, "id": q.last}
	if args != nil {
		line["arguments"] = args
	}
	if err := json.NewEncoder(q.conn).Encode(line); err != nil {
		return nil, fmt.Errorf("the monitor is gone: %w", err)
	}
	for {
		select {
		case m := <-q.answers:
			switch {
			case m.ID != q.last: // of a command that nobody waits for any more
			case m.Error != nil:
				return nil, fmt.Errorf("the monitor refuses %s: %s", command, m.Error.Desc)
			default:
				return m.Return, nil
			}
		case <-q.ended:
			return nil, errors.New("the monitor is gone: the machine has ended")
		case <-ctx.Done():
			return nil, fmt.Errorf("the monitor does not answer to %s: %w", command, ctx.Err())
		}
	}
}

// human does a command for people, and returns what it said.
func (q *qmp) human(ctx context.Context, line string) (string, error) {
	raw, err := q.do(ctx, "human-monitor-command", map[string]any{"command-line": line})
	if err != nil {
		return "", err
	}
	var text string
	err = json.Unmarshal(raw, &text)
	return strings.TrimSpace(text), err
}
