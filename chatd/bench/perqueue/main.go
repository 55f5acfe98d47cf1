// Perqueue is the chat server of the 2013 talk in Go, for the bench to compare
// with: each WebSocket has a queue of its own at RabbitMQ, bound to one fanout
// exchange, and a consumer of its own; what it says is published without
// confirms, and each delivery is one frame and one write. As in the talk there
// is one AMQP connection, with a channel for each WebSocket (2,047 at most, by
// RabbitMQ's default), and queues are exclusive, deleted with their WebSocket,
// and without acks.
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
	"sync/atomic"
	"syscall"

	"github.com/gorilla/websocket"
	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/bench/speak"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "perqueue:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, or the connection to the broker.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	protocol := speak.Text
	flags := flag.NewFlagSet("perqueue", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:8081", "the `ADDRESS` and port to serve on")
	broker := flags.String("broker", "", "the `URL` of the RabbitMQ to use, such as amqp://user:password@host:5672/")
	flags.Var(&protocol, "protocol", "the `PROTOCOL` to speak: text or warren")
	if err := flags.Parse(args); err != nil {
		return err
	}
	connection, err := amqp.Dial(*broker)
	if err != nil {
		return fmt.Errorf("reach RabbitMQ: %w", err)
	}
	defer connection.Close()
	lost := connection.NotifyClose(make(chan *amqp.Error, 1))
	if err := declare(connection); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	upgrader := websocket.Upgrader{Subprotocols: protocol.Subprotocols()}
	var offset atomic.Int64
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // Upgrade has answered
		}
		defer conn.Close()
		if err := serve(conn, connection, protocol, speak.NewPhone(protocol, r), &offset); err != nil {
			fmt.Fprintln(os.Stderr, "perqueue:", err)
		}
	})}
	fmt.Fprintf(stdout, "listening on ws://%s/websocket\n", listener.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case <-ctx.Done():
		return server.Close()
	case err := <-lost:
		server.Close()
		return errors.Join(errors.New("the connection to RabbitMQ was lost"), err)
	case err := <-served:
		return err
	}
}

const exchange = "perqueue"

func declare(connection *amqp.Connection) error {
	ch, err := connection.Channel()
	if err != nil {
		return err
	}
	defer ch.Close()
	return ch.ExchangeDeclare(exchange, amqp.ExchangeFanout, false, false, false, false, nil)
}

// serve is one WebSocket.
func serve(conn *websocket.Conn, connection *amqp.Connection, protocol speak.Protocol, phone *speak.Phone, offset *atomic.Int64) error {
	ch, err := connection.Channel()
	if err != nil {
		return err
	}
	defer ch.Close()
	queue, err := ch.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return err
	}
	if err := ch.QueueBind(queue.Name, "", exchange, false, nil); err != nil {
		return err
	}
	deliveries, err := ch.Consume(queue.Name, "", true, true, false, false, nil)
	if err != nil {
		return err
	}
	write := func() {
		for d := range deliveries {
			conn.WriteMessage(websocket.TextMessage, d.Body) // the reader sees that it fails
		}
	}
	if protocol == speak.Text {
		go write()
	}
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return nil // it is gone
		}
		if answer := phone.Answer(frame); answer != nil {
			if err := conn.WriteMessage(websocket.TextMessage, answer); err != nil {
				return nil
			}
			go write()
			continue
		}
		if err := ch.Publish(exchange, "", false, false, amqp.Publishing{Body: body(protocol, phone, frame, offset)}); err != nil {
			return err
		}
	}
}

// body is what everybody is sent for a frame.
func body(protocol speak.Protocol, phone *speak.Phone, frame []byte, offset *atomic.Int64) []byte {
	if protocol == speak.Text {
		return phone.AppendSaid(nil, frame, 0)
	}
	return append(phone.AppendSaid([]byte(speak.LogBegin), frame, offset.Add(1)-1), speak.LogEnd...)
}
