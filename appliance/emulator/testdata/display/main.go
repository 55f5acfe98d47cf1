// Display is a whole system that has a screen daemon start and die. It says what
// it has done, and waits for a line before it goes on. See TestScreenDies.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const state = "/run/warren/screen.state"

func main() {
	must(syscall.Mount("none", "/proc", "proc", 0, ""))
	must(syscall.Mount("none", "/run", "tmpfs", 0, ""))
	next := bufio.NewScanner(os.Stdin)

	first := screen("room")
	next.Scan()
	must(first.Process.Kill())
	first.Wait()
	fmt.Println("the screen is killed")
	next.Scan()

	os.Remove(state)
	off := screen("off")
	off.Wait()
	fmt.Println("the screen is off:", off.ProcessState)
	next.Scan()

	// As gokrazy starts it after a death: it leaves the kernel's messages there
	// for a moment, and goes on.
	screen("room")
	select {}
}

// screen starts a daemon, and returns when it has said how it is.
func screen(show string) *exec.Cmd {
	cmd := exec.Command("/screen", "-show="+show, "-status-dir=/run/warren", "-wifi-name=rabbit", "-wifi-passphrase=carrotcarrot")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	must(cmd.Start())
	for {
		if text, err := os.ReadFile(state); err == nil {
			fmt.Printf("the screen says %s", text)
			return cmd
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
