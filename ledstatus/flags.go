package main

import (
	"fmt"
	"io"

	"warren/chatd/daemon"
	"warren/chatd/fanout/rabbitmq"
	"warren/ledstatus/light"
)

// options are what the flags say.
type options struct {
	flags    *daemon.Flags
	broker   string
	light    string
	wait     bool
	mistakes int
	hotspot  string
	run      string
	user     string
}

// maxMistakes is far above what settings of a few lines can have.
const maxMistakes = 1_000_000

// parse reads the flags. It returns false and the exit code if ledstatus shall
// not run.
func parse(args []string, stdout, stderr io.Writer) (o *options, exit int, run bool) {
	f := daemon.NewFlags("ledstatus", `
ledstatus blinks a light once for each message in the room. Before it has
reached the broker the light goes slowly on and off; while the broker is away it
flashes twice every two seconds. While the Wi-Fi does not work it is lit for a
second every ten; while the power supply is too weak, twice for almost a second;
while there are mistakes in the settings it flashes three times every ten; the
blinks come in between.

    ledstatus -broker amqp://guest:guest@localhost:5672/ -light ACT`)
	o = &options{flags: f}
	f.StringVar(&o.broker, "broker", "", "`URL` of the RabbitMQ to listen to, such as amqp://guest:guest@localhost:5672/, or those of a cluster's nodes with commas between, or file: and the path of a file that holds it (required)")
	f.StringVar(&o.light, "light", light.Terminal, "the `LIGHT`: terminal, none, a GPIO line such as GPIO17, or an LED of the kernel such as ACT")
	f.BoolVar(&o.wait, "wait", false, "if there is no such light, wait for it instead of ending: its driver may be late")
	daemon.Number(f, &o.mistakes, "mistakes", 0, maxMistakes, "the `NUMBER` of mistakes in the settings; more than 0 are shown")
	f.StringVar(&o.hotspot, "hotspot", "", "the `FILE` in which the hotspot's daemon says how it is; empty: there is no hotspot")
	f.StringVar(&o.run, "run", "", "the `FOLDER` of what a card's daemons tell: how the board is, and, in ledstatus.state, which light there is; empty: there is none")
	f.StringVar(&o.user, "user", "", "the `NAME` of the user to become when the light is open; empty: stay who started it")
	exit, run = f.Parse(args, stdout, stderr, o.check)
	return o, exit, run
}

func (o *options) check() error {
	if o.broker == "" {
		return fmt.Errorf("-broker is missing: give the URL of a RabbitMQ, such as amqp://guest:guest@localhost:5672/, there or in %s", daemon.EnvName("broker"))
	}
	if err := rabbitmq.CheckURL(o.broker); err != nil {
		return fmt.Errorf("-broker: %w", err)
	}
	return nil
}
