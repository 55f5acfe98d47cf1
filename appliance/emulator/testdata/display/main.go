// Display is a whole system that has a screen daemon start and die. It says what
// it has done, and leaves time to look at it: nothing that is typed reaches it on
// an emulated Pi 3B. See TestScreenDies.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const state = "/run/warren/screen.state"

// pause is enough for the daemon to draw and for a host that is busy to look.
const pause = 15 * time.Second

func main() {
	must(syscall.Mount("none", "/proc", "proc", 0, ""))
	must(syscall.Mount("none", "/run", "tmpfs", 0, ""))

	first := screen("room")
	time.Sleep(pause)
	must(first.Process.Kill())
	first.Wait()
	say("the screen is killed")
	time.Sleep(pause)

	os.Remove(state)
	off := screen("off")
	off.Wait()
	say("the screen is off: %v", off.ProcessState)
	time.Sleep(pause)

	// As gokrazy starts it after a death: it leaves the kernel's messages there
	// for a moment, and goes on.
	screen("room").Wait()
}

// screen starts a daemon, and returns when it has said how it is.
func screen(show string) *exec.Cmd {
	cmd := exec.Command("/screen", "-show="+show, "-status-dir=/run/warren", "-wifi-name=rabbit", "-wifi-passphrase=carrotcarrot")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	must(cmd.Start())
	for {
		if text, err := os.ReadFile(state); err == nil && !strings.Contains(string(text), "starting") {
			say("the screen says %s", strings.TrimSpace(string(text)))
			return cmd
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// say says it three times: a message of the kernel may come in the middle of a line.
func say(format string, args ...any) {
	for range 3 {
		fmt.Printf(format+"\n", args...)
		time.Sleep(time.Second)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
