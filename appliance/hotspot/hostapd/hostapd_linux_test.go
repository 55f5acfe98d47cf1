package hostapd

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"warren/appliance/hotspot/nettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shortDir is a temporary folder whose path is short enough for a socket (108
// bytes, unix(7)), which t.TempDir's need not be.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hostapd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// wellFormed returns a configuration for an access point without a radio.
func wellFormed(dir string) Config {
	return Config{Interface: "lo", Driver: "none", Name: "rabbit", Channel: 6, Control: filepath.Join(dir, "control")}
}

// real runs the real hostapd, without a radio, in a network of its own.
func real(t *testing.T, c Config) *exec.Cmd {
	t.Helper()
	text, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(filepath.Dir(c.Control), "hostapd.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nettest.Look(t, "hostapd"), file)
	cmd.Stdout = t.Output()
	nettest.New(t).Start(t, cmd)
	return cmd
}

// watching runs a watch and returns what it tells.
type watching struct {
	up       chan bool
	stations chan []string
	end      chan error
	stop     context.CancelFunc
}

var hasty = Times{Start: 10 * time.Second, Every: 100 * time.Millisecond, Answer: time.Second}

func watch(t *testing.T, c Config) *watching {
	t.Helper()
	w := &watching{up: make(chan bool, 1), stations: make(chan []string, 100), end: make(chan error, 1)}
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.end <- Watch{
			Control: c.Control, Interface: c.Interface, Times: hasty,
			Up: func() { w.up <- true },
			Stations: func(in map[string]bool) {
				var all []string
				for a := range in {
					all = append(all, a)
				}
				w.stations <- all
			},
		}.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
	return w
}

// next returns what comes next, within a time in which all of this comes.
func next[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s after 20 s", what)
	}
	return v
}

// ask says something to hostapd, as hostapd_cli would.
func ask(t *testing.T, c Config, command string) string {
	t.Helper()
	socket, err := Watch{Control: c.Control, Interface: c.Interface, Times: hasty, Stations: func(map[string]bool) {}}.dial(filepath.Join(filepath.Dir(c.Control), "ask"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	answer, err := socket.ask(command)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return answer
}

const phone, other = "02:00:00:00:01:00", "02:00:00:00:02:00"

// TestPhonesComeAndGo is about the real hostapd, which is told of phones by hand.
func TestPhonesComeAndGo(t *testing.T) {
	c := wellFormed(shortDir(t))
	real(t, c)
	w := watch(t, c)
	next(t, "access point", w.up)
	for _, step := range []struct {
		command string
		want    string
	}{
		{"NEW_STA " + phone, phone}, {"NEW_STA " + other, phone + " " + other}, {"DISASSOCIATE " + phone, other},
	} {
		if answer := ask(t, c, step.command); answer != "OK" {
			t.Fatalf("%s: %q", step.command, answer)
		}
		in := next(t, "news of phones", w.stations)
		if len(in) != len(strings.Fields(step.want)) {
			t.Errorf("after %s these are in: %v", step.command, in)
		}
		for _, a := range in {
			if !strings.Contains(step.want, a) {
				t.Errorf("after %s these are in: %v", step.command, in)
			}
		}
	}
	// A new watch hears of who is in already.
	w.stop()
	if err := next(t, "end", w.end); !errors.Is(err, context.Canceled) {
		t.Errorf("the watch ends with %v", err)
	}
	w = watch(t, c)
	if in := next(t, "news of phones", w.stations); len(in) != 1 || in[0] != other {
		t.Errorf("a new watch finds %v", in)
	}
}

// TestDeathIsNoticed: a hostapd that is killed, and one that hangs, tell nobody.
func TestDeathIsNoticed(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
		c := wellFormed(shortDir(t))
		cmd := real(t, c)
		w := watch(t, c)
		next(t, "access point", w.up)
		cmd.Process.Signal(signal)
		if err := next(t, "end of the watch", w.end); !errors.Is(err, ErrSilent) {
			t.Errorf("after %v: %v", signal, err)
		}
	}
}

func TestDisabledIsNoticed(t *testing.T) {
	c := wellFormed(shortDir(t))
	real(t, c)
	w := watch(t, c)
	next(t, "access point", w.up)
	ask(t, c, "DISABLE")
	if err := next(t, "end of the watch", w.end); !errors.Is(err, ErrDisabled) && !errors.Is(err, ErrSilent) {
		t.Errorf("the watch ends with %v", err)
	}
}

func TestNoHostapd(t *testing.T) {
	w := Watch{Control: shortDir(t), Interface: "lo", Times: Times{Start: 300 * time.Millisecond, Every: 10 * time.Millisecond, Answer: time.Second}}
	if err := w.Run(t.Context()); !errors.Is(err, ErrSilent) {
		t.Errorf("the watch ends with %v", err)
	}
}

// TestHostileSettings has the real hostapd tell what it has read.
func TestHostileSettings(t *testing.T) {
	for _, test := range []struct{ name, passphrase string }{
		{"rabbit", "carrotcarrot"},
		{"rabbit", ""},
		{`"quoted"`, `"quotes" and 'more'`},
		{"# no comment", "# no comment"},
		{"ssid2=x", "wpa=0 wpa_passphrase=x"},
		{`P"\x00"`, `P"\n\x00"\`},
		{"a  b", "  spaces at the ends  "},
		{"Hase 🐇🥕", strings.Repeat("~", maxPassphrase)},
		{strings.Repeat("ä", maxName/2), "=========="},
		{strings.Repeat("0", maxName), "00112233445566778899aabbccddeeff"},
		{"\xff\xfe", "<script>alert()</script>"},
	} {
		c := wellFormed(shortDir(t))
		c.Name, c.Passphrase, c.Stations = test.name, test.passphrase, 8
		cmd := real(t, c)
		w := watch(t, c)
		next(t, "access point called "+test.name, w.up)
		answer := ask(t, c, "GET_CONFIG")
		if got := printfDecode(parseStatus(answer, "ssid")); got != c.Name {
			t.Errorf("hostapd has read the name %q as %q", c.Name, got)
		}
		wpa, cipher := parseStatus(answer, "wpa"), parseStatus(answer, "rsn_pairwise_cipher")
		if secret := c.Passphrase != ""; secret && (wpa != "2" || cipher != "CCMP") || !secret && wpa != "" && wpa != "0" {
			t.Errorf("with the passphrase %q WPA is %q with cipher %q", c.Passphrase, wpa, cipher)
		}
		if proof := c.Passphrase; proof != "" {
			text, _ := c.Text()
			if !strings.Contains(text, "\nwpa_passphrase="+proof+"\n") {
				t.Errorf("the passphrase %q is not in the file as it is", proof)
			}
		}
		w.stop()
		cmd.Process.Kill()
	}
}

// printfDecode undoes how hostapd writes bytes that are not ASCII.
func printfDecode(s string) string {
	var b []byte
	for len(s) > 0 {
		switch {
		case strings.HasPrefix(s, `\x`) && len(s) >= 4:
			var v byte
			for _, d := range s[2:4] {
				v = v<<4 | byte(strings.IndexRune("0123456789abcdef", d))
			}
			b, s = append(b, v), s[4:]
		case strings.HasPrefix(s, `\e`):
			b, s = append(b, 0x1b), s[2:]
		case strings.HasPrefix(s, `\`):
			b, s = append(b, s[1]), s[2:]
		default:
			b, s = append(b, s[0]), s[1:]
		}
	}
	return string(b)
}

// TestRefused: what hostapd would refuse, and what would be another line of its
// file, is an error before.
func TestRefused(t *testing.T) {
	good := wellFormed("/run/x")
	good.Passphrase = "carrotcarrot"
	if _, err := good.Text(); err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(*Config){
		"no name":              func(c *Config) { c.Name = "" },
		"a long name":          func(c *Config) { c.Name = strings.Repeat("x", maxName+1) },
		"carrot":               func(c *Config) { c.Passphrase = "carrot" },
		"a long passphrase":    func(c *Config) { c.Passphrase = strings.Repeat("x", maxPassphrase+1) },
		"a line break":         func(c *Config) { c.Passphrase = "carrot\nssid2=x" },
		"a passphrase in é":    func(c *Config) { c.Passphrase = "carrotcarroté" },
		"a country in words":   func(c *Config) { c.Country = "Germany" },
		"a country with signs": func(c *Config) { c.Country = "D\n" },
		"channel 14":           func(c *Config) { c.Channel = 14 },
		"no channel":           func(c *Config) { c.Channel = 0 },
		"an interface of two":  func(c *Config) { c.Interface = "wlan0\ndriver=none" },
		"no control socket":    func(c *Config) { c.Control = "" },
	} {
		c := good
		spoil(&c)
		if text, err := c.Text(); err == nil {
			t.Errorf("%s is taken:\n%s", what, text)
		}
	}
}

// TestWhy has the real hostapd refuse a file.
func TestWhy(t *testing.T) {
	dir := shortDir(t)
	file := filepath.Join(dir, "hostapd.conf")
	if err := os.WriteFile(file, []byte("interface=lo\ndriver=none\nchannel=6\nwpa=2\nwpa_passphrase=carrot\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(nettest.Look(t, "hostapd"), file).CombinedOutput()
	if err == nil {
		t.Fatal("hostapd takes a short passphrase")
	}
	var w Words
	for line := range strings.Lines(string(out)) {
		w.Add(strings.TrimSpace(line))
	}
	if why := w.Why(wellFormed(dir), err); !strings.Contains(why.Error(), "exit status 1") || errors.Is(why, ErrChannel) {
		t.Errorf("why: %v", why)
	}
}

// TestWhyChannel is about what hostapd 2.10 was seen to say on a simulated radio.
func TestWhyChannel(t *testing.T) {
	c := wellFormed("/run/x")
	c.Channel, c.Country = 13, "US"
	for _, said := range []string{
		"Frequency 2472 (primary) not allowed for AP mode, flags: 0x3 NO-IR",
		"wlan0: IEEE 802.11 Configured channel (13) or frequency (2472) (secondary_channel=0) not found from the channel list of the current mode (2) IEEE 802.11g",
	} {
		var w Words
		for _, line := range []string{"rfkill: Cannot open RFKILL control device", said, "Interface initialization failed", "wlan0: interface state UNINITIALIZED->DISABLED", "wlan0: AP-DISABLED"} {
			w.Add(line)
		}
		why := w.Why(c, errors.New("exit status 1"))
		if !errors.Is(why, ErrChannel) || !strings.Contains(why.Error(), "13 in the country US") {
			t.Errorf("why: %v", why)
		}
	}
	var w Words
	if line := w.Add("wlan0: AP-STA-DISCONNECTED " + phone); strings.Contains(line, phone) {
		t.Errorf("a phone can be told by %q", line)
	}
	var many Words
	for range 100 {
		many.Add("the same again")
	}
	if len(many.lines) != keep {
		t.Errorf("%d lines are kept", len(many.lines))
	}
}

// fakeHostapd answers as it is told, for what the real one does not do on demand.
func fakeHostapd(t *testing.T, c Config, answer func(command string, tell func(event string)) string) {
	t.Helper()
	if err := os.MkdirAll(c.Control, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(c.Control, c.Interface), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, maxMessage)
		for {
			n, from, err := l.ReadFromUnix(buf)
			if err != nil {
				return
			}
			tell := func(event string) { l.WriteToUnix([]byte(event), from) }
			if a := answer(string(buf[:n]), tell); a != "silence" {
				tell(a)
			}
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
}

// TestLostEvents: an event that got lost is made good by the next question, and
// events between a question and its answer are heeded.
func TestLostEvents(t *testing.T) {
	c := wellFormed(shortDir(t))
	asked := 0
	fakeHostapd(t, c, func(command string, tell func(string)) string {
		switch command {
		case "ATTACH":
			tell("<3>AP-STA-CONNECTED " + phone) // before the answer
			return "OK\n"
		case "STATUS":
			asked++
			if asked < 3 {
				return "state=ENABLED\nnum_sta[0]=1\n"
			}
			return "state=ENABLED\nnum_sta[0]=3\n" // one of them is about to leave
		case "STA-FIRST":
			return phone + "\nflags=[AUTH][ASSOC][AUTHORIZED]\naid=1\n"
		case "STA-NEXT " + phone:
			tell("<4>some other event\n")
			return "02:00:00:00:03:00\nflags=[AUTH]\n"
		case "STA-NEXT 02:00:00:00:03:00":
			return other + "\nflags=[AUTHORIZED]\n"
		}
		return ""
	})
	w := watch(t, c)
	if in := next(t, "news", w.stations); len(in) != 1 || in[0] != phone {
		t.Errorf("first these are in: %v", in)
	}
	next(t, "access point", w.up)
	if in := next(t, "news", w.stations); len(in) != 2 {
		t.Errorf("then these are in: %v", in)
	}
}

// TestOddAnswers: whatever it says, it is not taken for a hostapd that is well,
// and the watch ends.
func TestOddAnswers(t *testing.T) {
	quick := Times{Start: 200 * time.Millisecond, Every: 10 * time.Millisecond, Answer: 100 * time.Millisecond}
	for what, test := range map[string]struct {
		attach, status, event string
		want                  error
	}{
		"refuses":     {"FAIL\n", "state=ENABLED\nnum_sta[0]=0\n", "", ErrSilent},
		"hangs":       {"OK\n", "silence", "", ErrSilent},
		"never ready": {"OK\n", "state=COUNTRY_UPDATE\n", "", nil},
		"is off":      {"OK\n", "state=ENABLED\nnum_sta[0]=0\n", "<3>AP-DISABLED ", ErrDisabled},
	} {
		c := wellFormed(shortDir(t))
		fakeHostapd(t, c, func(command string, tell func(string)) string {
			switch command {
			case "ATTACH":
				return test.attach
			case "STATUS":
				if test.event != "" {
					tell(test.event)
				}
				return test.status
			}
			return ""
		})
		err := Watch{Control: c.Control, Interface: c.Interface, Times: quick, Up: func() {}, Stations: func(map[string]bool) {}}.Run(t.Context())
		if err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: the watch ends with %v, want %v", what, err, test.want)
		}
	}
}
