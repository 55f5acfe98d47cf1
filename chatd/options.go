package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"

	"warren/chatd/chat"
	"warren/chatd/daemon"
	"warren/chatd/gateway"
	"warren/chatd/hostcode"
	"warren/chatd/invite"
	"warren/ledstatus/light"
)

// noHost as -host-code says that nobody can be the host.
const noHost = "none"

// options are what the flags say.
type options struct {
	flags  *daemon.Flags
	listen string
	broker string
	title  string
	light  string
	user   string
	status string
	wifi   invite.WiFi
	url    string // of the chat, for guests
	code   string // the host's; empty: nobody is the host
	made   bool   // the code, for this run
	hosts  []string
	limits gateway.Limits

	pictures   string // a folder
	picturesMB int    // that it may take
}

// parse reads the flags. It returns false and the exit code if chatd shall not
// run.
func parse(args []string, stdout, stderr io.Writer) (o *options, exit int, run bool) {
	o = &options{limits: gateway.DefaultLimits, picturesMB: 256}
	f := daemon.NewFlags("chatd", `
chatd is the chat daemon: the page, the WebSockets and the log of one room.

    chatd                                   a room in this process
    chatd -broker amqp://user:password@host:5672/
                                            a room on a RabbitMQ: all chatd on
                                            the same one are one room
    chatd -broker amqp://user:password@host1:5672/,amqp://user:password@host2:5672/
                                            the same on a cluster of several: the
                                            first one is used that is there`)
	o.flags = f
	var hosts string
	f.StringVar(&o.listen, "listen", ":8081", "the `ADDRESS` and port to serve on")
	f.StringVar(&o.broker, "broker", "", "`URL` of the RabbitMQ to use, or those of a cluster's nodes with commas between, or file: and the path of a file that holds it; empty: none, the room lives in this process")
	f.StringVar(&o.title, "title", "rabbit", "the room's `TITLE`")
	f.StringVar(&o.light, "light", light.None, "the `LIGHT` that blinks per message: terminal, none, a GPIO line such as GPIO17, or an LED of the kernel such as ACT")
	f.StringVar(&hosts, "hosts", "", "further host `NAMES` this server answers to, with commas between; its own addresses need not be named")
	f.StringVar(&o.user, "user", "", "the `USER` to become once the port and the light are open; empty: whoever starts it")
	f.StringVar(&o.status, "status-dir", "", "the `FOLDER` in which the card's other daemons say how they are, for the page /status, and chatd, in the file chatd.state; empty: there are none")
	f.StringVar(&o.wifi.Name, "wifi-name", "", "the `NAME` of the Wi-Fi that guests join, for the poster; empty: none of ours")
	f.StringVar(&o.wifi.Passphrase, "wifi-passphrase", "", "its `PASSPHRASE`; empty: it is open")
	f.StringVar(&o.url, "chat-url", "", "the `URL` that guests open, for the poster; empty: the address by which the poster is asked for")
	f.StringVar(&o.code, "host-code", "", "the `CODE` that makes whoever knows it the host, at /host: 6 to 32 of A to Z, a to z, 0 to 9 and -; "+noHost+": nobody is; empty: one is made for this run, and printed")
	f.StringVar(&o.pictures, "pictures", "", "the `FOLDER` for pictures that guests send, which is made if it is missing and belongs to chatd alone; empty: none can be sent")
	daemon.Number(f, &o.picturesMB, "pictures-mb", 1, 1e6, "how many `MEGABYTES` of pictures are kept: the oldest make room for new ones")
	daemon.Number(f, &o.limits.MessageRate, "message-rate", 0, 1e6, "how many `MESSAGES` a second a device may send; 0: no limit")
	daemon.Number(f, &o.limits.AddressConnections, "address-connections", 0, 1e6, "how many `CONNECTIONS` an address may have; 0: no limit")
	daemon.Number(f, &o.limits.Connections, "connections", 0, 1e6, "how many `CONNECTIONS` there may be in all; 0: no limit")
	f.TellIn(&o.status)
	exit, run = f.Parse(args, stdout, stderr, func() error { return o.check(hosts) })
	return o, exit, run
}

// check checks and completes what the flags say.
func (o *options) check(hosts string) error {
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		return fmt.Errorf("-listen is %.60q: it must be an address and a port, such as :8081 or 127.0.0.1:8081", o.listen)
	}
	title, err := chat.CleanName(o.title)
	if err != nil {
		return fmt.Errorf("-title is %.60q: %w", o.title, err)
	}
	o.title = title
	if u, err := url.Parse(o.url); err != nil || o.url != "" && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return fmt.Errorf("-chat-url is %.60q: it must look like http://10.1.1.1:8081/", o.url)
	}
	switch o.code {
	case "":
		o.code, o.made = hostcode.New(), true
	case noHost:
		o.code = ""
	default:
		if err := hostcode.Check(o.code); err != nil {
			return fmt.Errorf("-host-code: %w; or %s: nobody is the host", err, noHost)
		}
	}
	if hosts != "" {
		o.hosts = strings.Split(hosts, ",")
	}
	return nil
}
