package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/appliance/image/seal"
	"warren/appliance/screen/text"
	"warren/chatd/daemon"
	"warren/chatd/process"
)

// lookFor is how long something may take to be on the display.
const lookFor = 30 * time.Second

// stage is a chatd and a screen before it, as they run on a card, which draws
// into a file.
type stage struct {
	t             *testing.T
	dir           string
	width, height int
	size          int // of the type in which the newest message is set
	screen        *process.Process
	pid           int
	address       string
}

// newStage starts both. further are flags of the screen.
func newStage(t *testing.T, width, height int, further ...string) *stage {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out what builds programs")
	}
	s := &stage{t: t, dir: t.TempDir(), width: width, height: height}
	unit := min(float64(width)*.0185, float64(height)*.031)
	s.size = int(1.6*unit + .5)
	if err := process.Build(t.Context(), s.dir, false, process.Chatd, "warren/appliance/screen"); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	l.Close()
	s.start("chatd", "-listen", s.address, "-host-code", "rabbit-hole")
	s.screen, s.pid = s.start("screen", append([]string{
		"-framebuffer", filepath.Join(s.dir, "fb"), "-mode", fmt.Sprintf("%dx%dx32", width, height), "-console=",
		"-chat", "ws://" + s.address + "/websocket", "-wifi-name", "rabbit", "-wifi-passphrase", "carrotcarrot",
		"-status-dir", filepath.Join(s.dir, "run"),
	}, further...)...)
	for !process.Ready(t.Context(), s.address) {
		if t.Context().Err() != nil {
			t.Fatal("chatd does not start")
		}
		time.Sleep(20 * time.Millisecond)
	}
	return s
}

// start starts a program; what it says goes into a file beside it.
func (s *stage) start(program string, args ...string) (*process.Process, int) {
	s.t.Helper()
	log, err := os.Create(filepath.Join(s.dir, program+".log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(s.dir, program), args...)
	cmd.Stdout, cmd.Stderr = log, log
	p, err := process.Start(cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(p.Kill)
	return p, cmd.Process.Pid
}

// shows reports whether the display has a line as the newest message's text.
func (s *stage) shows(line string) bool {
	pixels, err := os.ReadFile(filepath.Join(s.dir, "fb"))
	if err != nil || len(pixels) < 4*s.width*s.height {
		return false
	}
	set, err := text.NewSetter("")
	if err != nil {
		s.t.Fatal(err)
	}
	style := text.Style{Size: s.size}
	l := set.Line(line, style, s.width)
	want := image.NewGray(image.Rect(0, 0, l.Width, style.Height()))
	l.Draw(want, image.Point{}, color.White)
	var probe image.Point // a pixel of the text: most places are dark, and none of it
	for i, v := range want.Pix {
		if v == 255 {
			probe = image.Pt(i%want.Stride, i/want.Stride)
			break
		}
	}
	light := func(x, y int) bool { return pixels[4*(y*s.width+x)+1] > 128 }
	for y := range s.height - want.Rect.Dy() {
	next:
		for x := range s.width - want.Rect.Dx() {
			if !light(x+probe.X, y+probe.Y) {
				continue
			}
			for v := range want.Rect.Dy() {
				for u := range want.Rect.Dx() {
					if w := want.GrayAt(u, v).Y; (w == 0 || w == 255) && light(x+u, y+v) != (w == 255) {
						continue next
					}
				}
			}
			return true
		}
	}
	return false
}

// await waits until the display shows a line, or does not.
func (s *stage) await(line string, want bool) {
	s.t.Helper()
	for begun := time.Now(); s.shows(line) != want; time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > lookFor {
			log, _ := os.ReadFile(filepath.Join(s.dir, "screen.log"))
			s.t.Fatalf("after %v, that the display shows %q is not %v; it says:\n%s", lookFor, line, want, log)
		}
	}
}

// guest is somebody in the room.
type guest struct {
	t    *testing.T
	conn *websocket.Conn
	n    int
}

// join brings somebody in: with the cookie of a host, or none.
func (s *stage) join(name, cookie string) *guest {
	s.t.Helper()
	header := http.Header{}
	if cookie != "" {
		header.Set("Cookie", cookie)
	}
	d := websocket.Dialer{Subprotocols: []string{"warren.v1"}}
	conn, _, err := d.DialContext(s.t.Context(), "ws://"+s.address+"/websocket", header)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	g := &guest{t: s.t, conn: conn}
	g.send(map[string]any{"type": "hello", "device": "the-device-of-" + name, "name": name})
	return g
}

func (g *guest) send(v map[string]any) {
	g.t.Helper()
	if err := g.conn.WriteJSON(v); err != nil {
		g.t.Fatal(err)
	}
}

// does sends something with a ref, and returns its offset in the log and who did
// it, once it is there.
func (g *guest) does(v map[string]any) (offset int64, from string) {
	g.t.Helper()
	g.n++
	ref := fmt.Sprint("ref-", g.n)
	v["ref"] = ref
	g.send(v)
	g.conn.SetReadDeadline(time.Now().Add(lookFor))
	for {
		var f struct {
			Type, Ref, Why string
			RetryMS        int `json:"retry_ms"`
			Records        []struct {
				Offset int64
				Ref    string
				From   struct{ ID string }
			}
			Deeds []struct {
				Ref    string
				Offset int64
			}
		}
		if err := g.conn.ReadJSON(&f); err != nil {
			g.t.Fatal(err)
		}
		if f.Type == "refused" && f.Ref == ref {
			if f.RetryMS == 0 {
				g.t.Fatalf("%v was refused: %s", v, f.Why)
			}
			time.Sleep(time.Duration(f.RetryMS) * time.Millisecond)
			g.send(v)
		}
		for _, r := range f.Records {
			if r.Ref == ref {
				return r.Offset, r.From.ID
			}
		}
		for _, d := range f.Deeds {
			if d.Ref == ref {
				return d.Offset, ""
			}
		}
	}
}

func (g *guest) say(text string) (offset int64, from string) {
	return g.does(map[string]any{"type": "say", "text": text})
}

// host returns the cookie of a host.
func (s *stage) host() string {
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm("http://"+s.address+"/host", map[string][]string{"code": {"rabbit-hole"}})
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	for _, c := range resp.Cookies() {
		return c.Name + "=" + c.Value
	}
	s.t.Fatalf("the host gets no cookie: %s", resp.Status)
	return ""
}

// What is said in the room is on the display as the room allows it: an edit is,
// and what is deleted, hidden, cleared, or said by somebody muted, is not.
func TestShowsWhatTheRoomAllows(t *testing.T) {
	s := newStage(t, 800, 480)
	s.await("It is quiet in here. Who says hello?", true)
	ada, host := s.join("Ada", ""), s.join("Host", s.host())

	first, id := ada.say("the first")
	s.await("the first", true)
	ada.does(map[string]any{"type": "edit", "to": first, "text": "the second"})
	s.await("the second", true)
	host.does(map[string]any{"type": "host", "verb": "hide", "to": first})
	s.await("the second", false)
	host.does(map[string]any{"type": "host", "verb": "hide", "to": first, "undo": true})
	s.await("the second", true)
	host.does(map[string]any{"type": "host", "verb": "mute", "who": id, "name": "Ada"})
	ada.say("the shadow")
	host.say("the light")
	s.await("the light", true)
	if s.shows("the shadow") {
		t.Error("what somebody muted says is there")
	}
	last, _ := host.say("the last")
	s.await("the last", true)
	host.does(map[string]any{"type": "delete", "to": last})
	s.await("the light", true)
	host.does(map[string]any{"type": "host", "verb": "off", "text": "Back at nine"})
	s.await("the light", false)
	host.does(map[string]any{"type": "host", "verb": "off", "undo": true})
	s.await("the light", true)
	host.does(map[string]any{"type": "host", "verb": "clear"})
	s.await("It is quiet in here. Who says hello?", true)
}

// Limits of the daemon on the largest screen there is, in a room with the longest
// history that it keeps and all scripts: what issue and documentation promise.
const (
	mostMemory = 30_000_000 // bytes, at any time: VmHWM of proc(5)
	mostCPU    = 0.02       // of one processor, while nothing happens
	idleTime   = 5 * time.Second
)

func TestCosts(t *testing.T) {
	font := "/usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf"
	if _, err := os.Stat(font); err != nil {
		t.Skip("it needs a font: on Debian and Ubuntu, apt-get install fonts-droid-fallback")
	}
	root := t.TempDir()
	if err := seal.Font("/", root); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, 3840, 2160, "-font", filepath.Join(root, seal.FontFile))
	ada := s.join("Ada", "")
	for i := range 12 {
		ada.say(strings.Repeat(fmt.Sprint(i, " A long message, 这里很安静。谁来打个招呼？ مرحبًا بالجميع, Здравствуйте. "), 20))
	}
	ada.say("the end")
	s.await("the end", true)
	before := s.cpu()
	time.Sleep(redrawSoon + time.Second) // so is the time after it: they are what is measured
	redraw := (s.cpu() - before).Seconds()
	before = s.cpu()
	time.Sleep(idleTime)
	used := (s.cpu()-before).Seconds()/idleTime.Seconds() + redraw/redrawEvery.Seconds()
	peak, now := s.memory("VmHWM"), s.memory("VmRSS")
	t.Logf("idle: %.2f %% of a processor, with %.2f s of it for drawing all again every minute; memory: %.1f MB, at most %.1f MB", 100*used, redraw, float64(now)/1e6, float64(peak)/1e6)
	if used > mostCPU {
		t.Errorf("it takes %.2f of a processor while nothing happens", used)
	}
	if peak > mostMemory {
		t.Errorf("it takes %d bytes of memory", peak)
	}
}

// cpu returns how much time of a processor the screen has taken (proc(5)).
func (s *stage) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		s.t.Fatal(err)
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	const tick = 10 * time.Millisecond // USER_HZ is 100
	return time.Duration(user+system) * tick
}

// memory returns a field of /proc/PID/status, in bytes.
func (s *stage) memory(field string) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), field+":")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return n * 1024
}

// A display that is off, missing or broken: the daemon says so once, and ends for
// good, at no cost. What is said on the way tells its owner what to do.
func TestNothingToShow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	for args, want := range map[string]string{
		"-show=off": off,
		"-framebuffer=" + filepath.Join(t.TempDir(), "fb0"): none,
		"-framebuffer=" + file:                              failed,
	} {
		dir := t.TempDir()
		exit := run(t.Context(), []string{"-console=", "-status-dir=" + dir, args}, os.Stdout, os.Stderr)
		js, err := os.ReadFile(filepath.Join(dir, stateFile))
		var got state
		if err := json.Unmarshal(js, &got); err != nil {
			t.Error(err)
		}
		if exit != exitDone || err != nil || got.State != want || (got.Why == "") != (want == off) {
			t.Errorf("%s: exit %d, %s, %v", args, exit, js, err)
		}
	}
}

// What the kernel has written over the room does not stay.
func TestDrawsOverWhatIsNotItsOwn(t *testing.T) {
	s := newStage(t, 800, 480)
	const line = "It is quiet in here. Who says hello?"
	s.await(line, true)
	f, err := os.OpenFile(filepath.Join(s.dir, "fb"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 4*s.width*s.height), 0); err != nil {
		t.Fatal(err)
	}
	if s.shows(line) {
		t.Fatal("it is still there")
	}
	s.await(line, true)
}

// When it is asked to end, the display says that it is over; and gokrazy starts the
// daemon again.
func TestSaysThatItEnds(t *testing.T) {
	s := newStage(t, 800, 480)
	s.await("It is quiet in here. Who says hello?", true)
	js, err := os.ReadFile(filepath.Join(s.dir, "run", stateFile))
	if err != nil || string(js) != `{"state":"up","width":800,"height":480,"bits":32}`+"\n" {
		t.Errorf("the state is %s, %v", js, err)
	}
	s.screen.Signal(syscall.SIGTERM)
	s.await("It is quiet in here. Who says hello?", false)
	if !s.screen.Stop(lookFor) {
		t.Error("it does not end")
	}
	if !strings.HasSuffix(s.screen.How(), strconv.Itoa(daemon.ExitError)) {
		t.Errorf("it has ended with %s", s.screen.How())
	}
}

func TestWrongCalls(t *testing.T) {
	for arg, want := range map[string]string{
		"-show=wall":         "room, join or off",
		"-language=it":       "en de fr",
		"-chat=http://there": "ws://127.0.0.1:8081/websocket",
		"-chat-url=there":    "http://10.1.1.1:8081/",
	} {
		var out, errs bytes.Buffer
		if _, exit, run := parse([]string{arg}, &out, &errs); run || exit != daemon.ExitUsage || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit %d, %s", arg, exit, &errs)
		}
	}
}
