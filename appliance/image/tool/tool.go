// Package tool runs the programs of the build machine.
package tool

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// packages says in which Debian package a program is.
var packages = map[string]string{
	"apt-cache":  "apt",
	"apt-get":    "apt",
	"dpkg":       "dpkg",
	"dpkg-deb":   "dpkg",
	"e2fsck":     "e2fsprogs",
	"fsck.vfat":  "dosfstools",
	"git":        "git",
	"mcopy":      "mtools",
	"mke2fs":     "e2fsprogs",
	"mkfs.vfat":  "dosfstools",
	"mksquashfs": "squashfs-tools",
	"unsquashfs": "squashfs-tools",
}

// Check returns an error that names all that the builder needs and this machine
// does not have.
func Check() error {
	var programs, missing []string
	for program, pkg := range packages {
		if _, err := path(program); err != nil {
			programs = append(programs, program)
			missing = append(missing, pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(programs)
	slices.Sort(missing)
	return fmt.Errorf(`this machine does not have %s
  on Debian or Ubuntu:     sudo apt-get install %s
  on any system, with podman or docker, in a container:     make image CONTAINER=podman`,
		strings.Join(programs, ", "), strings.Join(slices.Compact(missing), " "))
}

// path finds a program. Users other than root do not have the directories of
// mke2fs and its like in their PATH.
func path(program string) (string, error) {
	if strings.Contains(program, "/") {
		return program, nil
	}
	found, err := exec.LookPath(program)
	if err == nil {
		return found, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if found, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return found, nil
		}
	}
	return "", err
}

// Command is one run of a program. Its messages are in English, its times in
// UTC, whatever the builder's are.
type Command struct {
	Program string
	Args    []string
	Env     []string                  // further NAME=value
	Dir     string                    // "" for the current one
	Stdout  func(out io.Reader) error // reads what it prints; nil to have it returned
}

// Run runs a program and returns what it prints.
func Run(ctx context.Context, program string, args ...string) (string, error) {
	return Command{Program: program, Args: args}.Run(ctx)
}

// Run runs the command. Its error has the last lines of what it complained
// about.
func (c Command) Run(ctx context.Context) (string, error) {
	program, err := path(c.Program)
	if err != nil {
		return "", fmt.Errorf("this machine does not have %s", c.Program)
	}
	cmd := exec.CommandContext(ctx, program, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = append(environment(), c.Env...)
	var stdout, stderr bytes.Buffer
	cmd.Stderr = &stderr
	if c.Stdout == nil {
		cmd.Stdout = &stdout
		err = cmd.Run()
	} else {
		err = c.stream(cmd)
	}
	if err != nil {
		said := stderr.String()
		if strings.TrimSpace(said) == "" {
			said = stdout.String()
		}
		return stdout.String(), fmt.Errorf("%s: %w%s", filepath.Base(c.Program), err, lastLines(said))
	}
	return stdout.String(), nil
}

// environment returns that of the builder, but for what would make the same
// input look otherwise. SOURCE_DATE_EPOCH is the builder's to pass on:
// mksquashfs does not take it beside its flags.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "SOURCE_DATE_EPOCH=") })
	return append(env, "LC_ALL=C.UTF-8", "TZ=UTC")
}

func (c Command) stream(cmd *exec.Cmd) error {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	read := c.Stdout(out)
	io.Copy(io.Discard, out) // let it end by itself
	if err := cmd.Wait(); err != nil {
		return err
	}
	return read
}

// lastLines returns the end of what a program said, to stand behind an error.
func lastLines(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if lines = lines[max(0, len(lines)-8):]; lines[0] == "" {
		return ""
	}
	return ":\n  " + strings.Join(lines, "\n  ")
}
