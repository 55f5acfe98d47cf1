// Become becomes the user it is told, then reads the files it is told, one line
// about each, and shows what the kernel says of each of its threads.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"warren/chatd/daemon"
)

func main() {
	open, err := os.Open(os.Args[2])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	// Threads that are there before, each held by a goroutine.
	held := make(chan bool)
	for range 8 {
		go func() { runtime.LockOSThread(); held <- true; select {} }()
		<-held
	}
	if err := daemon.Become(os.Args[1]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	b := make([]byte, 100)
	n, err := open.Read(b)
	fmt.Printf("open %q %v\n", b[:n], err)
	for _, path := range os.Args[2:] {
		b, err := os.ReadFile(path)
		fmt.Printf("read %s %q %v\n", filepath.Base(path), b, err != nil)
	}
	fmt.Println("again", syscall.Setuid(0) == nil, syscall.Setgid(0) == nil, syscall.Setgroups([]int{0}) == nil)
	threads, _ := filepath.Glob("/proc/self/task/*/status")
	for _, path := range append(threads, "child") {
		var status []byte
		if path == "child" {
			status, _ = exec.Command("cat", "/proc/self/status").Output()
		} else {
			status, _ = os.ReadFile(path)
		}
		fmt.Print("thread")
		for line := range strings.Lines(string(status)) {
			for _, name := range []string{"Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:"} {
				if strings.HasPrefix(line, name) {
					fmt.Print(" ", strings.Join(strings.Fields(line), " "))
				}
			}
		}
		fmt.Println()
	}
}
