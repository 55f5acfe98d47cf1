package mend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/fanout/rabbitmq/node"
)

const (
	streamName   = "mend.log"
	segmentBytes = 16 << 10
)

// open connects to a node and declares the stream.
func open(n *node.Node) (*amqp.Connection, *amqp.Channel, error) {
	conn, err := amqp.Dial(n.URL())
	if err != nil {
		return nil, nil, err
	}
	ch, err := conn.Channel()
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	_, err = ch.QueueDeclare(streamName, true, false, false, false, amqp.Table{
		amqp.QueueTypeArg:                 amqp.QueueTypeStream,
		amqp.QueueMaxLenBytesArg:          int64(1 << 20),
		amqp.StreamMaxSegmentSizeBytesArg: int64(segmentBytes),
	})
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, ch, nil
}

// publish writes messages from first to last and waits until each of them is
// confirmed, some at a time, so that there are many chunks of several sizes.
func publish(ctx context.Context, ch *amqp.Channel, first, last int) error {
	if err := ch.Confirm(false); err != nil {
		return err
	}
	var waits []*amqp.DeferredConfirmation
	for i := first; i <= last; i++ {
		d, err := ch.PublishWithDeferredConfirmWithContext(ctx, "", streamName, true, false, amqp.Publishing{
			DeliveryMode: amqp.Persistent, Body: []byte(body(i)),
		})
		if err != nil {
			return err
		}
		if waits = append(waits, d); len(waits) < i%7 && i < last {
			continue
		}
		for _, d := range waits {
			if ok, err := d.WaitContext(ctx); err != nil || !ok {
				return fmt.Errorf("message %d: confirmed %v, %w", i, ok, err)
			}
		}
		waits = nil
	}
	return nil
}

// body is the text of a message: of several lengths, and unlike all others.
func body(i int) string { return fmt.Sprintf("message %06d %0*d", i, i%90+1, i) }

// readBack reads the stream from its first message until the body last.
func readBack(ctx context.Context, ch *amqp.Channel, last string) ([]string, error) {
	if err := ch.Qos(100, 0, false); err != nil {
		return nil, err
	}
	in, err := ch.ConsumeWithContext(ctx, streamName, "", false, false, false, false, amqp.Table{"x-stream-offset": "first"})
	if err != nil {
		return nil, err
	}
	var got []string
	for {
		select {
		case <-ctx.Done():
			return got, ctx.Err()
		case d, ok := <-in:
			if !ok {
				return got, errors.New("the stream ended")
			}
			d.Ack(false)
			if string(d.Body) == last {
				return got, nil
			}
			got = append(got, string(d.Body))
		}
	}
}

// usable starts a node on a data folder, waits at most patience for the stream,
// publishes one message and returns what was before it.
func usable(ctx context.Context, dir string, patience time.Duration) ([]string, error) {
	n, err := node.Start(ctx, node.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	defer n.Kill()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	const mark = "the end"
	var got []string
	err = again(ctx, patience, func() error {
		conn, ch, err := open(n)
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := ch.Confirm(false); err != nil {
			return err
		}
		d, err := ch.PublishWithDeferredConfirmWithContext(ctx, "", streamName, true, false, amqp.Publishing{Body: []byte(mark)})
		if err != nil {
			return err
		}
		if ok, err := d.WaitContext(ctx); !ok || err != nil {
			return fmt.Errorf("not confirmed: %w", err)
		}
		got, err = readBack(ctx, ch, mark)
		return err
	})
	return got, err
}

// again calls f until it succeeds, at most for patience; then it returns the
// last error.
func again(ctx context.Context, patience time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// written makes a data folder with a stream of so many messages, as a kill
// leaves it, and returns the folder and that of the stream below it.
func written(t testing.TB, messages int) (dir, log string) {
	t.Helper()
	// RabbitMQ loses a stream if it is killed in the first seconds of it, on
	// 3.10 now and then also later; then no file of the stream matters.
	for range 3 {
		dir = writeOnce(t, messages)
		asIs := t.TempDir()
		copyTree(t, dir, asIs)
		got, err := usable(t.Context(), asIs, patience)
		if err == nil && len(got) == messages {
			dirs, err := folders(filepath.Join(dir, "data"))
			if err != nil || len(dirs) != 1 {
				t.Fatalf("the streams are in %q, %v", dirs, err)
			}
			return dir, strings.TrimPrefix(dirs[0], dir)
		}
		t.Logf("%d messages of %d, %v: once more", len(got), messages, err)
	}
	t.Fatal("RabbitMQ does not keep a stream")
	return "", ""
}

func writeOnce(t testing.TB, messages int) string {
	t.Helper()
	dir := t.TempDir()
	n, err := node.Start(t.Context(), node.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Kill()
	conn, _, err := open(n)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(4 * time.Second)
	conn.Close()
	n.Shutdown()
	if err := n.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = again(t.Context(), patience, func() error {
		conn, ch, err := open(n)
		if err != nil {
			return err
		}
		defer conn.Close()
		return publish(t.Context(), ch, 1, messages)
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	return dir
}

// patience is how long a stream may take to be usable after its node is up. It
// takes less than a second, or for ever.
const patience = 15 * time.Second

// copyTree copies a folder with its modes: Erlang refuses a secret that others
// may read.
func copyTree(t testing.TB, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o700)
		case d.Type() == fs.ModeSymlink:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(to, target)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
}
