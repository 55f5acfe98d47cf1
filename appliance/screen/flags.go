package main

import (
	"fmt"
	"io"
	"net/url"
	"slices"

	"warren/appliance/screen/words"
	"warren/appliance/settings"
	"warren/chatd/daemon"
	"warren/chatd/invite"
)

// options are what the flags say.
type options struct {
	flags       *daemon.Flags
	show        string
	words       words.Words
	framebuffer string
	mode        string
	console     string
	font        string
	chat        string
	chatURL     *url.URL
	wifi        invite.WiFi
	statusDir   string
	user        string
}

// parse reads the flags. It returns false and the exit code if the daemon shall
// not run.
func parse(args []string, stdout, stderr io.Writer) (o *options, exit int, run bool) {
	f := daemon.NewFlags("screen", `
screen shows on the display how to come in, how the box is, and what was said
last, without a browser: on the kernel's framebuffer.`)
	o = &options{flags: f}
	f.StringVar(&o.show, "show", settings.ShowRoom, "`WHAT` to show: room; join, only how to come in and how the box is; or off, the kernel's messages")
	language := f.String("language", "en", "the `LANGUAGE` of the screen's own words: en, de, fr, es, pt, ja, zh or ar")
	f.StringVar(&o.framebuffer, "framebuffer", "/dev/fb0", "the `DEVICE` to draw on")
	f.StringVar(&o.mode, "mode", "", "draw into a plain file in place of a device, of this `MODE`, such as 1280x720x32: its pixels, to be looked at; empty: a device")
	f.StringVar(&o.console, "console", "/dev/tty0", "the `TERMINAL` whose place on the display is taken; empty: none")
	f.StringVar(&o.font, "font", "", "a TrueType `FILE` for what DejaVu Sans does not have, such as Chinese and Japanese; empty: a plain mark stands for it")
	f.StringVar(&o.chat, "chat", "ws://127.0.0.1:8081/websocket", "the `URL` at which the room is read")
	chatURL := f.String("chat-url", "http://10.1.1.1:8081/", "the `URL` of the chat, as phones reach it")
	f.StringVar(&o.wifi.Name, "wifi-name", "", "the `NAME` of the Wi-Fi; empty: there is none of ours")
	f.StringVar(&o.wifi.Passphrase, "wifi-passphrase", "", "the `PASSPHRASE` of the Wi-Fi; empty: it is open")
	f.StringVar(&o.statusDir, "status-dir", "", "the `FOLDER` in which daemons tell how they are: what is wrong is shown, and screen.state says how the screen is; empty: none")
	f.StringVar(&o.user, "user", "", "the `NAME` of the user to become once the display is open; empty: whoever starts it")
	f.TellIn(&o.statusDir)
	exit, run = f.Parse(args, stdout, stderr, func() (err error) {
		if !slices.Contains(settings.Shows, o.show) {
			return fmt.Errorf("-show is %.20q: it must be room, join or off", o.show)
		}
		if o.words, err = words.In(*language); err != nil {
			return fmt.Errorf("-language: %w", err)
		}
		if u, err := url.Parse(o.chat); err != nil || u.Scheme != "ws" || u.Host == "" {
			return fmt.Errorf("-chat is %.60q: it must look like ws://127.0.0.1:8081/websocket", o.chat)
		}
		if o.chatURL, err = url.Parse(*chatURL); err != nil || o.chatURL.Scheme != "http" || o.chatURL.Hostname() == "" {
			return fmt.Errorf("-chat-url is %.60q: it must look like http://10.1.1.1:8081/", *chatURL)
		}
		return nil
	})
	return o, exit, run
}
