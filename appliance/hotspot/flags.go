package main

import (
	"errors"
	"fmt"
	"io"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"

	"warren/appliance/hotspot/hostapd"
	"warren/appliance/hotspot/radio"
	"warren/appliance/settings"
	"warren/chatd/daemon"
)

// options are what the flags say.
type options struct {
	flags *daemon.Flags

	wifi     hostapd.Config
	run      string
	updates  bool
	internet string
	module   string
	image    string
	hostapd  string
	dnsmasq  string
	user     string
	uplink   string
	dhcp     string
	dnsGroup string // that of user, from /etc/group
}

// parse reads the flags. It returns false and the exit code if the daemon shall
// not run.
func parse(args []string, stdout, stderr io.Writer) (o *options, exit int, run bool) {
	f := daemon.NewFlags("hotspot", `
hotspot makes this machine a network for guests: Wi-Fi or, through an access
point, Ethernet; addresses, names, a firewall. It takes root.

It writes hotspot.state for the other daemons into the folder -run, with a JSON
object whose "state" is starting, up or failed.`)
	o = &options{flags: f}
	w, d := &o.wifi, settings.Default().WiFi
	f.StringVar(&w.Name, "name", d.Name, "the `NAME` of the Wi-Fi")
	f.StringVar(&w.Passphrase, "passphrase", d.Passphrase, "the `PASSPHRASE` of WPA2, 8 to 63 characters; empty: the Wi-Fi is open")
	f.StringVar(&w.Country, "country", d.Country, "the `CODE` of the country, such as DE; empty: not known")
	w.Channel = d.Channel
	daemon.Number(f, &w.Channel, "channel", 1, 13, "the channel of 2.4 GHz, a `NUMBER`")
	f.StringVar(&w.Interface, "interface", d.Interface, "the network `INTERFACE` where guests are: a radio, or one with an access point at its other end")
	daemon.Number(f, &w.Stations, "stations", 0, 2007, "how many phones the radio takes, a `NUMBER`; 0: what is known of its firmware")
	f.StringVar(&w.Driver, "driver", "nl80211", "hostapd's `DRIVER` for the radio; none: for a test without one")
	f.StringVar(&o.module, "module", "", "the kernel module that drives the radio, a `FILE` and its parameters, in place of the Pi's; for a test on simulated radios")
	f.BoolVar(&o.updates, "update-from-guests", false, "guests, too, reach the port where the card takes a new system, by Wi-Fi or by Ethernet")
	f.StringVar(&o.internet, "internet", d.Internet, "what becomes of guests' https, QUIC and Apple's push: refuse or drop, an `ACTION`")
	f.StringVar(&o.uplink, "uplink", "eth0", "the `INTERFACE` on which this machine asks for an address, unless guests are there; empty: none")
	f.StringVar(&o.dhcp, "dhcp", "/gokrazy/dhcp", "the DHCP client for that, gokrazy's: a `PROGRAM`")
	f.StringVar(&o.run, "run", "/run/warren", "the `FOLDER` for what the other daemons read, gone at a restart")
	f.StringVar(&o.image, "image", "/opt/hotspot.squashfs", "the sealed `FILE` with hostapd and dnsmasq")
	f.StringVar(&o.hostapd, "hostapd", "", "another hostapd than the sealed one, a `PROGRAM`")
	f.StringVar(&o.dnsmasq, "dnsmasq", "", "another dnsmasq than the sealed one, a `PROGRAM`")
	f.StringVar(&o.user, "dnsmasq-user", "dnsmasq", "the `USER` that dnsmasq becomes; empty: it stays root")
	f.TellIn(&o.run)
	exit, run = f.Parse(args, stdout, stderr, o.check)
	return o, exit, run
}

// driver returns the driver of the radio.
func (o *options) driver() (*radio.Driver, error) {
	if o.module == "" {
		return radio.PiDriver()
	}
	file, parameters, _ := strings.Cut(o.module, " ")
	return &radio.Driver{Modules: []radio.Module{{File: file, Parameters: parameters}}}, nil
}

// interfaceName is what a network interface may be called here, as in the
// settings: see there.
var interfaceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$`)

func (o *options) check() error {
	for flag, path := range map[string]string{"run": o.run, "image": o.image} {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("-%s is %.100q: it must be a path that begins with /", flag, path)
		}
	}
	for flag, name := range map[string]string{"interface": o.wifi.Interface, "uplink": o.uplink} {
		if !interfaceName.MatchString(name) && (flag != "uplink" || name != "") {
			return fmt.Errorf("-%s is %.40q: it must be a network interface such as wlan0 or eth0", flag, name)
		}
	}
	if o.module != "" && !filepath.IsAbs(o.module) {
		return fmt.Errorf("-module is %.100q: it must begin with the path of a kernel module, /…", o.module)
	}
	if o.internet != settings.InternetRefuse && o.internet != settings.InternetDrop {
		return fmt.Errorf("-internet is %.40q: it must be refuse or drop", o.internet)
	}
	o.wifi.Control = filepath.Join(o.run, "hotspot", "hostapd")
	if err := o.wifi.Check(); err != nil {
		return err
	}
	if o.user == "" {
		return nil
	}
	u, err := user.Lookup(o.user)
	if err != nil {
		return fmt.Errorf("-dnsmasq-user is %.40q: it must be a user in /etc/passwd", o.user)
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return errors.New("-dnsmasq-user: the group of that user must be in /etc/group")
	}
	o.dnsGroup = g.Name
	return nil
}
