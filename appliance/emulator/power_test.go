package emulator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A card whose power button is pressed, as some boards have one, ends all its
// daemons, writes out what it has, and switches itself off; and all is there
// when it is switched on again. A host has given the room a name, and made a
// mistake.
//
// This card has data on it that an older RabbitMQ has written, and that the one in
// the image cannot read: it begins anew, keeps them, and says so at each start. That
// costs a start of RabbitMQ here, and a boot in a test of its own. For the same reason
// it is here that the board is told of, and why a card is not well (see why_test.go).
func TestRoomSurvivesTheButton(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	card := newCard(t, ImageForTest(t), 0)
	put(t, card, "warren.toml", "[room]\r\ntitle = \"Burrow #5\"\r\n[wifi]\r\nchannel = 99\r\n")
	putOldData(t, card)
	m, first := boot(t, card, Options{})
	oldDataTold(t, m)
	ada, bob := join(t, m, "Ada"), join(t, m, "Bob")
	for i := range 20 {
		ada.say(fmt.Sprint("Ada ", i))
		bob.awaitText(t, fmt.Sprint("Ada ", i))
		bob.say(fmt.Sprint("Bob ", i))
		ada.awaitText(t, fmt.Sprint("Bob ", i))
	}
	if ada.title != "Burrow #5" {
		t.Errorf("the room is called %q", ada.title)
	}
	said := ada.shows()

	ctx, cancel := context.WithTimeout(t.Context(), openTime)
	defer cancel()
	begun := time.Now()
	if err := m.PressPower(ctx); err != nil {
		t.Fatal(err)
	}
	if err := m.AwaitConsole(ctx, "reboot: Power down"); err != nil {
		t.Fatal(err)
	}
	<-m.Ended()
	off := time.Since(begun).Round(100 * time.Millisecond)
	oldDataAside(t, card)
	whyTold(t, card, "channel = 99", "It is a linux,dummy-virt.")

	m, second := boot(t, card, Options{Ports: m.options.Ports})
	t.Logf("from power-on to page and to RabbitMQ: %v, again %v; from the button to off %v", first, second, off)
	if now := wholeLog(t, m); !slices.Equal(now, said) {
		t.Errorf("%d messages were said, %d are there:\n%v\n%v", len(said), len(now), said, now)
	}
	if strings.Contains(m.Console(), "EXT4-fs (vda4): recovery complete") {
		t.Error("the data partition was not unmounted")
	}
	ada.say("still here")
	bob.awaitText(t, "still here")
	ada.awaitText(t, "still here")
	if !ada.resumed || !slices.Equal(ada.shows(), bob.shows()) || len(ada.shows()) != len(said)+1 {
		t.Errorf("Ada's phone resumed: %v; it shows %d messages, Bob's %d", ada.resumed, len(ada.shows()), len(bob.shows()))
	}
	oldDataTold(t, m)
	boardTold(t, m)
	healthy(t, m)
	m.Cut()
	whyTold(t, card, "channel = 99", "It is a linux,dummy-virt.")
}
