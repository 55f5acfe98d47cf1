package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"

	"warren/chatd/daemon"
	"warren/chatd/invite"
)

// options are what the flags say.
type options struct {
	flags    *daemon.Flags
	listen   string
	user     string
	remember string
	run      string
	wifi     invite.WiFi
	chat     *url.URL
	proc     string // where the kernel tells of the network (proc(5)); no flag
}

// parse reads the flags. It returns false and the exit code if the daemon shall
// not run.
func parse(args []string, stdout, stderr io.Writer) (o *options, exit int, run bool) {
	f := daemon.NewFlags("portal", `
portal makes phones that join the Wi-Fi show a page that says where the chat is,
and lets them believe afterwards that there is an internet, so that they stay.
Every other request leads to the chat. The names of all hosts must lead here.`)
	o = &options{flags: f, proc: "/proc/net"}
	f.StringVar(&o.listen, "listen", ":80", "the `ADDRESS` and port to serve on; phones ask on port 80")
	f.StringVar(&o.user, "user", "", "the `NAME` of the user to become once the port is open; empty: whoever starts it")
	f.StringVar(&o.remember, "remember", "", "a `FOLDER` of its own for the phones that were here; it is made if it is missing; empty: they are forgotten at a restart")
	f.StringVar(&o.wifi.Name, "wifi-name", "rabbit", "the `NAME` of the Wi-Fi")
	f.StringVar(&o.wifi.Passphrase, "wifi-passphrase", "", "the `PASSPHRASE` of the Wi-Fi; empty: it is open")
	f.StringVar(&o.run, "run", "", "the `FOLDER` in which it says how it is, in the file portal.state; empty: nowhere")
	chat := f.String("chat-url", "http://10.1.1.1:8081/", "the `URL` of the chat, with this machine's address among the guests: the page is at the same address")
	f.TellIn(&o.run)
	exit, run = f.Parse(args, stdout, stderr, func() error { return o.check(*chat) })
	return o, exit, run
}

// check checks and completes what the flags say.
func (o *options) check(chat string) error {
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		return fmt.Errorf("-listen is %.60q: it must be an address and a port, such as :80", o.listen)
	}
	if o.wifi.Name == "" {
		return errors.New("-wifi-name is empty: it must be the name of the Wi-Fi, as phones list it")
	}
	u, err := url.Parse(chat)
	if err != nil || u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("-chat-url is %.60q: it must look like http://10.1.1.1:8081/", chat)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	o.chat = u
	return nil
}
