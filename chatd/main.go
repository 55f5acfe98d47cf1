// Chatd is the chat daemon: it serves the page and the WebSockets of one room,
// and joins them to an exchange.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"

	"golang.org/x/sync/errgroup"

	"warren/chatd/daemon"
	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
	"warren/chatd/fanout/rabbitmq"
	"warren/chatd/gateway"
	"warren/chatd/invite"
	"warren/chatd/picture"
	"warren/chatd/room"
	"warren/chatd/uptime"
	"warren/ledstatus/light"
)

func main() { daemon.Main(run) }

// run is the program: it returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	o, exit, ok := parse(args, stdout, stderr)
	if !ok {
		return exit
	}
	err := open(ctx, o, stdout, stderr)
	o.flags.Ended(err)
	var usage *usageError
	switch {
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "chatd: %v\n", err)
		return daemon.ExitUsage
	case err != nil:
		fmt.Fprintf(stderr, "chatd: %v\n", err)
		return daemon.ExitError
	}
	return daemon.ExitOK
}

// usageError is about the value of a flag.
type usageError struct {
	flag string
	err  error
}

func (e *usageError) Error() string { return "-" + e.flag + ": " + e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// open opens what the flags name, gives root's rights up, and serves until ctx ends.
func open(ctx context.Context, o *options, stdout, stderr *os.File) error {
	lamp, err := light.Open(o.light, stdout)
	if err != nil {
		return &usageError{"light", err}
	}
	defer lamp.Close()
	log := o.flags.Logger(light.Above(lamp, stderr))
	exchange, err := newExchange(o.broker, log)
	if err != nil {
		return &usageError{"broker", err}
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %q: %w", o.listen, err)
	}
	folder, err := daemon.Folder(o.pictures, o.user)
	if err != nil {
		log.Warn("There is no folder for pictures, so none can be sent", "folder", o.pictures, "err", err)
	}
	if err := o.flags.Become(o.user); err != nil {
		return fmt.Errorf("-user: %w", err)
	}
	pictures := openPictures(folder, o, log)
	greet(light.Above(lamp, stdout), listener.Addr(), o, daemon.IsTerminal(stdout))
	o.flags.Up()
	if err := serve(ctx, o, exchange, listener, pictures, lamp, log); err != nil {
		return err
	}
	log.Info("chatd has ended")
	return nil
}

// greet says where the room is, with a QR code if somebody is looking; and the
// host's code, if nobody else knows it.
func greet(stdout io.Writer, addr net.Addr, o *options, seen bool) {
	_, port, _ := net.SplitHostPort(addr.String()) // a TCP address has a port
	fmt.Fprintf(stdout, "The room is open: http://localhost:%s/\n", port)
	if o.made {
		fmt.Fprintf(stdout, "The host's code: %s, at http://localhost:%s/host\n", o.code, port)
	}
	url, ok := invite.URL(addr)
	if !ok {
		return
	}
	fmt.Fprintf(stdout, "Phones on the same network: %s\n", url)
	if seen {
		fmt.Fprintln(stdout)
		invite.WriteQR(stdout, url)
		fmt.Fprintln(stdout)
	}
}

// newExchange returns the exchange on the broker at url, or the one in process.
func newExchange(url string, log *slog.Logger) (fanout.Exchange, error) {
	if url == "" {
		return memory.New(), nil
	}
	return rabbitmq.New(url, rabbitmq.Options{Stamp: uptime.Now, Logger: log})
}

// openPictures opens the store of pictures. Without one there is a room all the
// same: no folder, or one that cannot be read, is no reason for silence.
func openPictures(folder *os.Root, o *options, log *slog.Logger) *picture.Store {
	if folder == nil {
		return nil
	}
	store, err := picture.Open(folder, int64(o.picturesMB)*1e6)
	if err != nil {
		log.Warn("The folder for pictures cannot be used, so none can be sent", "folder", o.pictures, "err", err)
		return nil
	}
	return store
}

// serve runs the room until ctx ends, then sees everybody out.
func serve(ctx context.Context, o *options, exchange fanout.Exchange, listener net.Listener, pictures *picture.Store, lit light.Light, log *slog.Logger) error {
	theRoom := room.New(exchange, uptime.Now, log)
	door := gateway.New(gateway.Config{
		Room: theRoom, Limits: o.limits, Hosts: o.hosts, Title: o.title, HostCode: o.code,
		Version: daemon.Version(), StatusDir: o.status, WiFi: o.wifi, ChatURL: o.url, Clock: uptime.Now, Log: log,
		Pictures: pictures,
	})
	// The room outlives the doors: what was said at the last moment still
	// gets into the log.
	roomCtx, endRoom := context.WithCancel(context.WithoutCancel(ctx))
	defer endRoom()
	g, doorCtx := errgroup.WithContext(ctx)
	g.Go(func() error { return theRoom.Run(roomCtx) })
	g.Go(func() error { return showLight(roomCtx, theRoom, lit, log) })
	g.Go(func() error {
		if err := door.Serve(listener); err != nil {
			return fmt.Errorf("serve %s: %w", listener.Addr(), err)
		}
		return nil
	})
	g.Go(func() error { door.Watch(doorCtx); return nil })
	g.Go(func() error {
		<-doorCtx.Done()
		defer endRoom()
		// It is bounded. Who has not gone by then sees the line break.
		if err := door.Shutdown(roomCtx); err != nil {
			log.Warn("Some phones were not told that chatd ends", "err", err)
		}
		return nil
	})
	log.Info("chatd runs", "version", daemon.Version(), "listen", listener.Addr().String(), "exchange", exchangeName(o))
	return g.Wait()
}

func exchangeName(o *options) string {
	if o.broker == "" {
		return "in process"
	}
	return "RabbitMQ"
}
