package main

import (
	"fmt"
	"io"
	"path/filepath"

	"warren/appliance/update/protocol"
	"warren/chatd/daemon"
)

// gokrazySocket is where gokrazy's own server is, on an image without a password.
const gokrazySocket = "/run/gokrazy-http.sock"

// options are what the flags say.
type options struct {
	flags   *daemon.Flags
	listen  string
	run     string
	data    string
	room    string
	folders map[string]*string
}

// parse reads the flags. It returns false and the exit code if the daemon shall
// not run. The host's code is no flag: it is read when it is needed, so that a
// system whose settings cannot be read still goes back.
func parse(args []string, stdout, stderr io.Writer) (o *options, exit int, run bool) {
	f := daemon.NewFlags("update", `
update takes a new system over the network (make update), starts it on trial,
and keeps it if the room opens.

It reads update.json in the folder -run, with the host's code, and broker.state,
and writes update.state there. It keeps what became of the last update in
update.json in the folder -data.`)
	o = &options{flags: f}
	f.StringVar(&o.listen, "listen", fmt.Sprintf(":%d", protocol.Port), "`ADDRESS` and port on which updates are taken")
	f.StringVar(&o.run, "run", "/run/warren", "the `FOLDER` of what the other daemons tell, gone at a restart")
	f.StringVar(&o.data, "data", "/perm/warren", "the `FOLDER` that outlasts a restart")
	f.StringVar(&o.room, "room", "http://127.0.0.1:8081", "the `URL` of chatd, without a / at its end")
	o.folders = map[string]*string{"run": &o.run, "data": &o.data}
	f.TellIn(&o.run)
	exit, run = f.Parse(args, stdout, stderr, o.check)
	return o, exit, run
}

func (o *options) check() error {
	for flag, path := range o.folders {
		if !filepath.IsAbs(*path) {
			return fmt.Errorf("-%s is %.100q: it must be a path that begins with /", flag, *path)
		}
	}
	return nil
}

// file returns the path of a file in the folder that a flag names.
func (o *options) file(flag, name string) string { return filepath.Join(*o.folders[flag], name) }
