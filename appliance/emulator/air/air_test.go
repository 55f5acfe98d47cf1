package air

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"warren/appliance/emulator/air/ask"
)

// patience is how long anything may take that takes a second on an idle
// machine, and a phone a few.
const patience = 60 * time.Second

const chat = "http://10.1.1.1:8081/"

// The daemons of the card on a simulated radio, with phones that come, talk,
// lose the Wi-Fi and find it again. RabbitMQ is not there: the room is in chatd.
func TestAir(t *testing.T) {
	w := newWorld(t, "air.log", "[wifi]\npassphrase = \"carrot\"\n", "air.radios=11")
	var phones []*phone
	for i := range 2 {
		phones = append(phones, w.phone(i+1))
	}
	w.note("the machine and two phones are on")
	ada, bob := phones[0], phones[1]

	w.step("carrot is no passphrase", w.carrot)
	w.step("open", func() {
		w.daemon("portal")
		w.daemon("chatd", "-broker=")
		w.daemon("hotspot", "-passphrase=")
		w.awaitState(func(s state) bool { return s.State == "up" })
		ada.comeIn("")
		w.must("Stop", "hotspot", nil)
	})
	w.step("up", func() {
		w.daemon("hotspot", "-log-level=debug")
		w.awaitState(func(s state) bool { return s.State == "up" })
		if conf := w.read("/run/warren/hotspot/hostapd.conf"); !strings.Contains(conf, "\nwpa_passphrase=carrotcarrot\n") {
			t.Errorf("hostapd.conf: %s", conf)
		}
	})
	w.step("wrong passphrase", func() {
		wrong := ada.join("rabbit", "carrotcake", patience)
		if wrong.In || !strings.Contains(wrong.Why, "WRONG_KEY") {
			w.Errorf("with a wrong passphrase: %+v", wrong)
		}
		w.note("phone 1 knows after %.1f s: %s", wrong.Took.Seconds(), wrong.Why)
	})
	w.step("right passphrase", func() {
		ada.comeIn("carrotcarrot")
		bob.comeIn("carrotcarrot")
	})
	w.step("names", func() { ada.names() })
	w.step("portal", func() {
		ada.walk(android)
		bob.walk(apple)
	})
	w.step("chat", func() {
		ada.chat("Ada")
		bob.chat("Bob")
		ada.talks(bob, "hello, it is Ada")
		bob.talks(ada, "hello, it is Bob")
	})
	w.step("firewall", func() { ada.firewall() })
	w.step("hostapd killed", func() { w.lose(syscall.SIGKILL, "hostapd", ada, bob) })
	w.step("hostapd hung", func() { w.lose(syscall.SIGSTOP, "hostapd", ada, bob) })
	w.step("dnsmasq killed", func() { w.killDnsmasq(bob) })
	w.step("ten at once", func() {
		for i := len(phones); i < 10; i++ {
			phones = append(phones, w.phone(i+1))
		}
		begun := time.Now()
		together(phones[2:], func(p *phone) { p.comeIn("carrotcarrot") })
		w.awaitState(func(s state) bool { return s.Stations == 10 && !s.Full })
		w.note("eight more phones are in and have their page, %.1f s after the first began", time.Since(begun).Seconds())
		phones[9].chat("Ida")
		phones[9].talks(ada, "hello, it is Ida")
	})
	w.step("full", func() { w.full(phones) })
	w.step("radio lost", w.radioLost)
}

// step is a subtest. What comes after it needs what it has done.
func (w *world) step(name string, do func()) {
	w.Helper()
	whole, begun := w.T, time.Now()
	ok := whole.Run(name, func(t *testing.T) {
		w.T = t
		do()
		w.note("%s: %.1f s", name, time.Since(begun).Seconds())
	})
	w.T = whole
	if !ok {
		w.FailNow()
	}
}

// together has phones do something all at once.
func together(phones []*phone, do func(*phone)) {
	var g sync.WaitGroup
	for _, p := range phones {
		g.Go(func() { do(p) })
	}
	g.Wait()
}

// daemon starts a program of the card with the flags that it has on a card, and
// then others.
func (w *world) daemon(name string, further ...string) {
	w.Helper()
	config, err := os.ReadFile("../../../gokrazy-instance/warren/config.json")
	if err != nil {
		w.Fatal(err)
	}
	var instance struct {
		PackageConfig map[string]struct{ CommandLineFlags []string }
	}
	if err := json.Unmarshal(config, &instance); err != nil {
		w.Fatal(err)
	}
	line := []string{"/user/" + name}
	for pkg, its := range instance.PackageConfig {
		if strings.HasSuffix(pkg, "/"+name) {
			line = append(line, its.CommandLineFlags...)
		}
	}
	w.must("Start", ask.Start{Name: name, Line: append(line, further...)}, nil)
}

// exit waits for the end of a program.
func (w *world) exit(name string) int {
	w.Helper()
	var code int
	w.must("Exit", name, &code)
	return code
}

// carrot: the talk's passphrase is too short. The host is told so, the default
// is used, and hostapd never hears of it.
func (w *world) carrot() {
	w.daemon("setup", "-device=/dev/vda1")
	if code := w.exit("setup"); code != 125 {
		w.Fatalf("setup ends with %d", code)
	}
	if said := w.read("/run/warren/mistakes.json"); !strings.Contains(said, "WPA2 needs at least eight characters and carrot has six: carrotcarrot would do") {
		w.Errorf("the host is told %s", said)
	}
	w.daemon("hotspot", "-passphrase=carrot")
	if code := w.exit("hotspot"); code != 2 {
		w.Errorf("the hotspot with carrot ends with %d", code)
	}
	var conf string
	if w.do("Read", "/run/warren/hotspot/hostapd.conf", &conf) == nil {
		w.Errorf("hostapd is to read %s", conf)
	}
}

// state is hotspot.state.
type state struct {
	State, Why           string
	Stations, Max, Joins int
	Full                 bool
	Reloads              int
	Reload               string
	ReloadedAt           int64 `json:"reloaded_at"`
}

// awaitState waits for a state of the hotspot, and returns how long that took.
func (w *world) awaitState(is func(state) bool) time.Duration {
	w.Helper()
	begun := time.Now()
	w.awaitLong(patience, is)
	return time.Since(begun)
}

// awaitLong waits for a state of the hotspot, and returns it.
func (w *world) awaitLong(patience time.Duration, is func(state) bool) state {
	w.Helper()
	begun := time.Now()
	for {
		var text string
		err := w.do("Read", "/run/warren/hotspot.state", &text)
		var s state
		if err == nil {
			err = json.Unmarshal([]byte(text), &s)
		}
		if err == nil && is(s) {
			w.note("the hotspot after %.1f s: %s", time.Since(begun).Seconds(), strings.TrimSpace(text))
			return s
		}
		if time.Since(begun) > patience {
			w.Fatalf("the hotspot is %s (%v)", text, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// comeIn has a phone join rabbit, get an address, and see the page.
func (p *phone) comeIn(passphrase string) {
	p.Helper()
	joined := p.join("rabbit", passphrase, patience)
	if !joined.In {
		p.Errorf("phone %d is not in: %s", p.number, joined.Why)
		return
	}
	var lease ask.Lease
	if err := p.do("Address", ask.Nothing{}, &lease); err != nil {
		p.Error(err)
		return
	}
	if !strings.HasPrefix(lease.Address, "10.1.1.") || !strings.HasSuffix(lease.Address, "/24") || lease.Router != "10.1.1.1" || lease.DNS != "10.1.1.1" {
		p.Errorf("phone %d has %+v", p.number, lease)
	}
	begun := time.Now()
	if page := p.get(chat, "", ""); page.Status != http.StatusOK || !strings.Contains(page.Body, "<title>rabbit") {
		p.Errorf("phone %d sees %d, %.200s", p.number, page.Status, page.Body)
	}
	p.note("phone %d is in after %.1f s, has %s after %.1f s, and the page after %.1f s", p.number,
		joined.Took.Seconds(), lease.Address, lease.Took.Seconds(), time.Since(begun).Seconds())
}

// request is a request that a browser or a system of that name makes.
func (p *phone) request(method, url, agent, accept string) (response ask.Response) {
	p.Helper()
	header := map[string]string{"User-Agent": agent, "Accept": accept}
	if err := p.do("Request", ask.Request{Method: method, URL: url, Header: header}, &response); err != nil {
		p.Error(err)
	}
	return response
}

func (p *phone) get(url, agent, accept string) ask.Response {
	p.Helper()
	return p.request(http.MethodGet, url, agent, accept)
}

// chat opens the chat.
func (p *phone) chat(name string) {
	p.Helper()
	p.must("Enter", ask.Enter{URL: chat, Name: name}, nil)
}

// talks says a text, which another phone and it itself must hear.
func (p *phone) talks(other *phone, text string) {
	p.Helper()
	p.must("Say", ask.Say{Text: text}, nil)
	for _, ear := range []*phone{p, other} {
		var took time.Duration
		ear.must("Heard", ask.Heard{Text: text, Patience: patience}, &took)
		p.note("phone %d heard %q after %v", ear.number, text, took.Round(time.Millisecond))
	}
}
