package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/fanout/rabbitmq/node"
)

// python is Debian's, with Debian's packages: another one in the path has none.
const python = "/usr/bin/python3"

// programsOf returns the programs of a document: its blocks of Python, by the
// name that their first line gives them.
func programsOf(t *testing.T, document string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	programs := make(map[string]string)
	for _, block := range regexp.MustCompile("(?s)```python\n# ([a-z-]+\\.py)\n.*?\n```").FindAllSubmatch(text, -1) {
		code := strings.TrimSuffix(strings.TrimPrefix(string(block[0]), "```python\n"), "```")
		programs[string(block[1])] = code
	}
	return programs
}

// bot is a program of docs/bots.md that runs.
type bot struct {
	in    io.WriteCloser
	lines chan string // what it writes
}

// startBot runs one of the programs as it stands in the document, until the test
// ends.
func startBot(t *testing.T, name string, args ...string) *bot {
	t.Helper()
	code, ok := programsOf(t, filepath.Join("..", "docs", "bots.md"))[name]
	if !ok {
		t.Fatalf("docs/bots.md has no %s", name)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(code), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, append([]string{file}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: `make test` installs python3", err)
	}
	b := &bot{in, make(chan string, 100)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			b.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		select {
		case <-read:
			t.Errorf("%s has ended by itself", name)
		default:
		}
		cmd.Process.Kill()
		<-read
		cmd.Wait()
	})
	return b
}

// host runs chatd until the test ends.
func host(t *testing.T, args ...string) (address string) {
	t.Helper()
	address, end := start(t, args...)
	t.Cleanup(func() { end() })
	return address
}

// guest is somebody in a room, in plain text.
type guest struct {
	t     *testing.T
	conn  *websocket.Conn
	lines chan string
}

func enter(t *testing.T, address, name string) *guest {
	t.Helper()
	awaitReady(t, address)
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+address+"/websocket?name="+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{t, conn, make(chan string, 1000)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for {
			_, line, err := conn.ReadMessage()
			if err != nil {
				return
			}
			g.lines <- string(line)
		}
	}()
	t.Cleanup(func() { conn.Close(); <-read })
	return g
}

func (g *guest) say(text string) {
	g.t.Helper()
	if err := g.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		g.t.Fatal(err)
	}
}

// hears waits for a line that matches, and returns what was said before it.
func (g *guest) hears(pattern string) (before []string) {
	g.t.Helper()
	match := regexp.MustCompile("^" + pattern + "$").MatchString
	patience := time.After(time.Minute)
	for {
		select {
		case line := <-g.lines:
			if match(line) {
				return before
			}
			before = append(before, line)
		case <-patience:
			g.t.Fatalf("nobody says %s; what was said: %q", pattern, before)
		}
	}
}

// asksUntil says something until somebody hears an answer: a bot hears only what
// is said after it has come in.
func (g *guest) asksUntil(text string, listener *guest, pattern string) {
	g.t.Helper()
	match := regexp.MustCompile("^" + pattern + "$").MatchString
	ask := time.NewTicker(time.Second)
	defer ask.Stop()
	patience := time.After(time.Minute)
	for g.say(text); ; {
		select {
		case line := <-listener.lines:
			if match(line) {
				return
			}
		case <-ask.C:
			g.say(text)
		case <-patience:
			g.t.Fatalf("nobody answers %s to %q", pattern, text)
		}
	}
}

const rolled = `dice: Ada rolls [1-6] \+ [1-6] = (1[0-2]|[2-9])`

// playsDice has a game with a dice bot.
func (g *guest) playsDice() {
	g.t.Helper()
	g.asksUntil("!roll 2d6", g, rolled)
	// What it does not understand it leaves alone, and its own words, too.
	for _, text := range []string{"!roll 2d6 and more", "!roll 1d0", "hello dice", "!roll 3d1"} {
		g.say(text)
	}
	for _, line := range g.hears(`dice: Ada rolls 1 \+ 1 \+ 1 = 3`) {
		if strings.HasPrefix(line, "dice: ") && !regexp.MustCompile("^"+rolled+"$").MatchString(line) {
			g.t.Errorf("the dice bot says %q", line)
		}
	}
	g.say("the end")
	for _, line := range g.hears("Ada: the end") {
		g.t.Errorf("after its answer somebody says %q", line)
	}
}

func TestDiceBot(t *testing.T) {
	address := host(t)
	ada := enter(t, address, "Ada")
	startBot(t, "dice.py", "ws://"+address)
	ada.playsDice()
}

func TestDiceBotOverAMQP(t *testing.T) {
	broker := node.ForTest(t)
	address := host(t, "-broker", broker.URL())
	ada := enter(t, address, "Ada")
	startBot(t, "dice-amqp.py", broker.URL())
	ada.playsDice()
	broker.Kill()
	if err := broker.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ada.playsDice() // it has come back
}

// TestBridge has two rooms with a bridge between them.
func TestBridge(t *testing.T) {
	left := host(t)
	right := host(t, "-broker", node.ForTest(t).URL())
	ada, bob := enter(t, left, "Ada"), enter(t, right, "Bob")
	startBot(t, "bridge.py", "ws://"+left, "ws://"+right)
	ada.asksUntil("is there anybody?", bob, `bridge: Ada: is there anybody\?`)
	bob.say("Bob is")
	ada.hears("bridge: Bob: Bob is")
	// Nothing goes round: what follows the last word is not an echo.
	ada.say("good")
	bob.hears("bridge: Ada: good")
	bob.say("bye")
	for _, line := range ada.hears("bridge: Bob: bye") {
		if strings.Contains(line, "bridge: Ada") || strings.Contains(line, "bridge: bridge") {
			t.Errorf("an echo: %q", line)
		}
	}
}

// TestPipe has a program that reads and writes lines in the room.
func TestPipe(t *testing.T) {
	broker := node.ForTest(t).URL()
	address := host(t, "-broker", broker)
	ada := enter(t, address, "Ada")
	pipe := startBot(t, "pipe.py", broker)
	io.WriteString(pipe.in, "the door is open\n\nthe door is shut\n")
	ada.hears("pipe: the door is open")
	for _, line := range ada.hears("pipe: the door is shut") {
		t.Errorf("between two lines of the pipe somebody says %q", line)
	}
	// What only a muted one may see is not let out.
	conn, err := amqp.Dial(broker)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	channel, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if err := channel.PublishWithContext(t.Context(), "chat", "", false, false, amqp.Publishing{
		ContentType: "application/json", Type: "message", MessageId: "muted-1",
		Body: []byte(`{"from":{"id":"aaaabbbbccccdddd","name":"Mallory"},"text":"psst","shadow":true}`),
	}); err != nil {
		t.Fatal(err)
	}
	ada.say("thank\nyou")
	select {
	case line := <-pipe.lines:
		if line != "Ada: thank you" {
			t.Errorf("the pipe writes %q", line)
		}
	case <-time.After(time.Minute):
		t.Error("the pipe writes nothing")
	}
}
