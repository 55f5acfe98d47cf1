package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/rabbitmq/amqp091-go"

	"warren/chatd/daemon"
)

// options are what the flags say.
type options struct {
	flags  *daemon.Flags
	image  string
	data   string
	run    string
	broker string
	ca     string
	keepMB int
}

// parse reads the flags. It returns false and the exit code if the daemon shall
// not run.
func parse(args []string, stdout, stderr io.Writer) (o *options, exit int, run bool) {
	f := daemon.NewFlags("broker", `
broker runs the room's RabbitMQ in a container on the card, or, with
-broker-url, leaves it out and passes on the URL of another one.

It writes two files for the other daemons into the folder -run: broker.url, and
broker.state with a JSON object whose "state" is starting, up, failed or
elsewhere.`)
	o = &options{flags: f, keepMB: 64}
	f.StringVar(&o.image, "image", "/opt/broker.squashfs", "the sealed `FILE` with RabbitMQ and crun")
	f.StringVar(&o.data, "data", "/perm", "the `FOLDER` that outlasts a restart: RabbitMQ's data goes to rabbitmq in it, its URL to warren/broker.url")
	f.StringVar(&o.run, "run", "/run/warren", "the `FOLDER` for what the other daemons read, gone at a restart")
	f.StringVar(&o.broker, "broker-url", "", "`URL` of another RabbitMQ to use, such as amqp://user:password@host:5672/, or those of a cluster's nodes, with commas between; empty: the card's own")
	f.StringVar(&o.ca, "broker-ca", "", "the `FILE`, in PEM, with the authority of that RabbitMQ's certificate, for amqps; empty: one that everybody trusts")
	daemon.Number(f, &o.keepMB, "keep-mb", keepLeast, 1<<20, "how many `MEGABYTES` of the room's log the card's own RabbitMQ keeps; less if the card has no room for it")
	f.TellIn(&o.run)
	exit, run = f.Parse(args, stdout, stderr, o.check)
	return o, exit, run
}

func (o *options) check() error {
	for flag, path := range map[string]string{"image": o.image, "data": o.data, "run": o.run} {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("-%s is %.100q: it must be a path that begins with /", flag, path)
		}
	}
	if o.ca != "" && !filepath.IsAbs(o.ca) {
		return fmt.Errorf("-broker-ca is %.100q: it must be a path that begins with /", o.ca)
	}
	if o.broker == "" {
		return nil
	}
	// What is wrong with a URL is not said in the parser's words: they quote
	// it, with the password.
	for url := range strings.SplitSeq(o.broker, ",") {
		if _, err := amqp091.ParseURI(strings.TrimSpace(url)); err != nil {
			return errors.New("-broker-url is not the URL of a RabbitMQ: it must look like amqp://user:password@host:5672/, with commas between several")
		}
	}
	return nil
}

// urls returns the URLs of the other RabbitMQ as they are told: with the authority of
// their certificates.
func (o *options) urls() string {
	if o.ca == "" {
		return o.broker
	}
	all := strings.Split(o.broker, ",")
	for i, text := range all {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || u.Scheme != "amqps" {
			continue // check has parsed it
		}
		q := u.Query()
		q.Set("cacertfile", o.ca)
		u.RawQuery = q.Encode()
		all[i] = u.String()
	}
	return strings.Join(all, ",")
}
