// Floor is the least that any chat server must do, for the bench to measure
// others against: it reads frames from WebSockets and writes what has arrived
// meanwhile to all of them, with one system call each. There is no log, no
// name, no limit, and no way for a slow client not to be waited for.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/gorilla/websocket"

	"warren/chatd/bench/speak"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	protocol := speak.Text
	flags := flag.NewFlagSet("floor", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:8081", "the `ADDRESS` and port to serve on")
	flags.Var(&protocol, "protocol", "the `PROTOCOL` to speak: text or warren")
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	hub := newHub(protocol)
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, Subprotocols: protocol.Subprotocols()}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // Upgrade has answered
		}
		go hub.serve(conn.NetConn(), speak.NewPhone(protocol, r))
	})}
	go hub.write(ctx.Done())
	fmt.Fprintf(stdout, "listening on ws://%s/websocket\n", listener.Addr())
	defer context.AfterFunc(ctx, func() { server.Close(); hub.close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
