package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // zones, whatever the machine has

	"github.com/chromedp/cdproto/emulation"
	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
)

// traveller is a guest from somewhere, with a clock.
type traveller struct {
	*Phone
	zone  *time.Location
	wrong time.Duration // so far is the phone's clock from the right time
}

// from opens a page with a clock of its zone, which goes wrong.
func from(t *testing.T, guest, zone string, wrong time.Duration) *traveller {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	p := &traveller{shared.br.Phone(t, guest, Small), location, wrong}
	tell(p.Phone, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
	if wrong != 0 {
		p.Before(fmt.Sprintf(`{
			const Right = Date, wrong = %d;
			Date = class extends Right {
				constructor(...is) { super(...(is.length ? is : [Right.now() + wrong])); }
				static now() { return Right.now() + wrong; }
			};
		}`, wrong.Milliseconds()))
	}
	return p
}

// seesTime waits until a message stands at a time, in minutes, within a minute: it
// was said while the test looked at another clock.
func (p *traveller) seesTime(text string, at time.Time) {
	p.t.Helper()
	var got string
	want := clockFace(at.In(p.zone))
	near := []string{want, clockFace(at.Add(-5 * time.Second).In(p.zone)), clockFace(at.Add(5 * time.Second).In(p.zone))}
	Eventually(p.t, Patience, func() bool {
		got = p.timeOf(text)
		return slices.Contains(near, got)
	}, func() string {
		return fmt.Sprintf("%s sees %q at %q, not at %q (%v)\n%s", p.Guest, text, got, want, p.zone, p.Screen())
	})
}

func clockFace(at time.Time) string { return at.Format("3:04 PM") }

// timeOf is the time at which a message stands; empty: there is no such message.
func (p *traveller) timeOf(text string) string {
	p.t.Helper()
	time := See[string](p.Phone, fmt.Sprintf(`([...document.querySelectorAll('#log > .message')]
		.filter((m) => m.querySelector('.text').textContent === %s).map((m) => m.querySelector('time').textContent)[0] || '')`, quote(text)))
	return spaces.ReplaceAllString(time, " ")
}

var spaces = regexp.MustCompile(`\s+|\x{202f}`) // Chromium has a narrow one before AM

// days are the lines between the messages that say which day it is.
func (p *traveller) days() string {
	return strings.Join(See[[]string](p.Phone, `[...document.querySelectorAll('.day.divider')].map((d) => d.textContent)`), ", ")
}

// reboot is a machine that can be switched on again: chatd sees another boot id
// each time, as after a power cut.
type reboot struct {
	*Chatd
	id string // the file that stands for the kernel's
}

// onMachine starts chatd on a machine of its own, with the broker of these tests.
func onMachine(t *testing.T) *reboot {
	t.Helper()
	dir := t.TempDir()
	r := &reboot{id: filepath.Join(dir, "boot_id")}
	r.another(t)
	program := filepath.Join(dir, "chatd")
	script := fmt.Sprintf(`#!/bin/sh
exec unshare --map-root-user --mount sh -c 'mount --bind %s /proc/sys/kernel/random/boot_id && exec "$0" "$@"' %s "$@"
`, r.id, shared.bin)
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	r.Chatd = StartChatd(t, program, "-broker", shared.node.URL())
	r.WaitReady()
	return r
}

func (r *reboot) another(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(r.id, []byte(uuid.NewString()+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (r *reboot) pullThePlug(t *testing.T) {
	t.Helper()
	r.Kill()
	r.another(t)
	r.Start()
	r.WaitReady()
}

// TestTimesOfEarlierBoots is the evening of a box that has no clock: what was said
// before it was switched off has the right time afterwards, in each zone, also
// on the phone whose own clock is wrong.
func TestTimesOfEarlierBoots(t *testing.T) {
	onRabbitMQ(t) // an empty room
	box := onMachine(t)
	tokyo := from(t, "Yuki", "Asia/Tokyo", 0)
	adelaide := from(t, "Max", "Australia/Adelaide", 0) // half an hour beside the others
	newYork := from(t, "Zoe", "America/New_York", 0)
	wrong := from(t, "Otto", "Europe/Berlin", time.Hour)
	phones := []*traveller{tokyo, adelaide, newYork, wrong}
	for _, p := range phones {
		p.Goto(box.URL())
		p.waitIn()
	}
	said := time.Now()
	tokyo.Say("konnichiwa")
	for _, p := range phones {
		p.seesTime("konnichiwa", said.Add(p.wrong)) // what the guest's own clock shows
	}

	// The box is switched off and on. Pages that stayed open know what they saw.
	for _, p := range phones {
		p.Excuse("WebSocket connection to ")
	}
	box.pullThePlug(t)
	later := time.Now()
	newYork.waitIn()
	newYork.Say("back again")
	for _, p := range phones {
		p.seesTime("konnichiwa", said.Add(p.wrong))
		p.seesTime("back again", later.Add(p.wrong))
	}

	// Pages that come now know it from the room: those in the right and the one
	// in the wrong see when it was.
	for _, p := range phones {
		p.Reload()
		p.waitIn()
		p.seesTime("konnichiwa", said)
		p.seesTime("back again", later.Add(p.wrong))
	}
	tokyo.Shot("times-tokyo")
	wrong.Shot("times-wrong-clock")
}

// TestTimesMendThemselves is about a boot that nobody knew the clock of: when the
// room learns it, the page on the screen has the times.
func TestTimesMendThemselves(t *testing.T) {
	room := onRabbitMQ(t)
	ch := channel(t)
	boot := uuid.NewString()
	began := time.Date(2025, 6, 14, 20, 0, 0, 0, time.UTC)
	for i, text := range []string{"an hour before midnight", "an hour after midnight"} {
		publish(t, ch, amqp.Publishing{
			Type: "message", ContentType: "application/json", MessageId: uuid.NewString(),
			Headers: amqp.Table{"boot": boot, "up_ms": int64(3+2*i) * time.Hour.Milliseconds()},
			Body:    []byte(`{"from":{"id":"bob","name":"Bob"},"text":` + quote(text) + `}`),
		})
	}
	utc, tokyo := from(t, "Ada", "Etc/UTC", 0), from(t, "Yuki", "Asia/Tokyo", 0)
	for _, p := range []*traveller{utc, tokyo} {
		p.Goto(room.url)
		p.waitIn()
		p.Sees("an hour after midnight")
		if got := p.timeOf("an hour after midnight"); got != "earlier" {
			t.Errorf("%s sees a time that nobody knows: %q", p.Guest, got)
		}
		if days := p.days(); days != "" {
			t.Errorf("%s sees days that nobody knows: %s", p.Guest, days)
		}
	}
	utc.Shot("times-earlier")
	publish(t, ch, amqp.Publishing{
		Type: "clock", ContentType: "application/json", MessageId: "clock-test",
		Body: fmt.Appendf(nil, `{"boot":%q,"began":%d}`, boot, began.UnixMilli()),
	})
	for _, p := range []*traveller{utc, tokyo} {
		p.seesTime("an hour before midnight", began.Add(3*time.Hour))
		p.seesTime("an hour after midnight", began.Add(5*time.Hour))
	}
	if days := utc.days(); days != "Saturday, June 14, Sunday, June 15" {
		t.Errorf("in UTC the days are %s", days)
	}
	if days := tokyo.days(); days != "Sunday, June 15" {
		t.Errorf("in Tokyo the days are %s", days)
	}
	utc.Shot("times-mended")
}

func publish(t *testing.T, ch *amqp.Channel, p amqp.Publishing) {
	t.Helper()
	if err := ch.PublishWithContext(t.Context(), "chat", "", false, false, p); err != nil {
		t.Fatal(err)
	}
}
