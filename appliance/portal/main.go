// Portal is the daemon that answers on port 80 of the hotspot. A phone that
// joins asks its maker whether there is an internet, and asks us, because all
// names lead here. The first time it is redirected to a page that says where
// the chat is; phones show that by themselves. Once somebody has tapped Continue
// there, it gets the answer it hopes for, and stays connected.
//
// The page is at the box's own address, 10.1.1.1, although names lead to
// 192.0.2.1: some Androids do not ask a private address whether there is an
// internet, but all go where they are redirected; and browsers warn of plain http
// at public addresses, not at private ones.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"warren/appliance/portal/known"
	"warren/chatd/daemon"
)

func main() { daemon.Main(run) }

// run is the program: it returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	o, exit, ok := parse(args, stdout, stderr)
	if !ok {
		return exit
	}
	log := o.flags.Logger(stderr)
	return o.flags.Forever(ctx, "the portal", log, func(ctx context.Context) error { return begin(ctx, o, log) })
}

// begin opens what needs root, gives root's rights up, and serves until ctx
// ends.
func begin(ctx context.Context, o *options, log *slog.Logger) error {
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listen on %q: %w", o.listen, err)
	}
	defer listener.Close()
	dir, err := daemon.Folder(o.remember, o.user)
	if err != nil {
		log.Warn("the phones that come in cannot be remembered beyond a restart", "error", err)
	}
	if dir != nil {
		defer dir.Close()
	}
	if err := o.flags.Become(o.user); err != nil {
		return err
	}
	o.flags.Up()
	return serve(ctx, o, listener, known.Open(dir, log), log)
}

// Times of a request: it is one packet, and the answer a few. Each gets a time
// in which the slowest link sends it again and again.
const (
	headerTime = 5 * time.Second
	answerTime = 10 * time.Second

	// maxHeader is what browsers send at most, twice. The server adds 4 KiB.
	maxHeader = 4 << 10
)

// serve answers on listener until ctx ends.
func serve(ctx context.Context, o *options, listener net.Listener, phones *known.Phones, log *slog.Logger) error {
	pages, err := newPages(o.wifi, o.chat)
	if err != nil {
		return err
	}
	host := hostOf(o.chat, listener.Addr())
	chatting := &inChat{port: portOf(o.chat), tables: []string{filepath.Join(o.proc, "tcp"), filepath.Join(o.proc, "tcp6")}}
	crowd := newCrowd()
	server := &http.Server{
		Handler: &door{
			pages: pages, phones: phones, chat: o.chat, host: host,
			who: whoIs(phones, filepath.Join(o.proc, "arp")), inChat: chatting.has, log: log,
		},
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       headerTime,
		WriteTimeout:      answerTime,
		MaxHeaderBytes:    maxHeader,
		ConnState:         crowd.watch,

		DisableGeneralOptionsHandler: true, // the door answers those, too
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	// A page is one request, and a probe is one.
	server.SetKeepAlivesEnabled(false)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { phones.Run(ctx); return nil })
	g.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve %s: %w", listener.Addr(), err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		return server.Close() // phones ask again
	})
	log.Info("the portal runs", "version", daemon.Version(), "listen", listener.Addr().String(), "page", "http://"+host, "chat", o.chat.String())
	return g.Wait()
}

// hostOf returns the host of the page: that of the chat, at the port of addr.
func hostOf(chat *url.URL, addr net.Addr) string {
	_, port, _ := net.SplitHostPort(addr.String()) // a TCP address has a port
	if port == "80" {
		return strings.TrimSuffix(chat.Host, ":"+chat.Port())
	}
	return net.JoinHostPort(chat.Hostname(), port)
}

// portOf returns the port of an http URL.
func portOf(u *url.URL) uint16 {
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(port)
	}
	return 80
}
