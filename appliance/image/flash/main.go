// Flash writes an image to a card:
//
//	flash [-image FILE] DEVICE
//
// It writes to nothing but a whole removable disk that nobody uses, says what
// it will erase, and asks for the disk's name to be typed. Then it writes, and
// reads back what it wrote.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, machine{"/"}, os.Args[1:], os.Stdin, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: it returns its exit code.
func run(ctx context.Context, m machine, args []string, stdin io.Reader, stderr io.Writer) int {
	f := flag.NewFlagSet("flash", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: flash [-image FILE] DEVICE\n\nDEVICE is a whole disk, such as /dev/sdb or /dev/mmcblk0: the card.")
		f.PrintDefaults()
	}
	image := f.String("image", "build/warren.img", "write `FILE`")
	if err := f.Parse(args); err != nil || f.NArg() != 1 {
		if err == nil {
			f.Usage()
		}
		return 2
	}
	if err := flash(ctx, m, *image, f.Arg(0), stdin, stderr); err != nil {
		fmt.Fprintln(stderr, "flash:", err)
		return 1
	}
	return 0
}

func flash(ctx context.Context, m machine, image, device string, stdin io.Reader, stderr io.Writer) error {
	in, err := os.Open(image)
	if err != nil {
		return fmt.Errorf("%w: `make image` builds it", err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	d, err := m.find(device, info.Size())
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "All that is on %s will be erased.\nType %s to go on: ", d, d.name)
	answer, _ := bufio.NewReader(stdin).ReadString('\n') // nothing is an answer, too
	if strings.TrimSpace(answer) != d.name {
		return fmt.Errorf("nothing was written")
	}
	// It is looked at again: it may have been mounted, or be another card now.
	if again, err := m.find(device, info.Size()); err != nil {
		return err
	} else if again != d {
		return fmt.Errorf("there is another card now, %s: nothing was written", again)
	}
	path, err := filepath.EvalSymlinks(device)
	if err != nil {
		return err
	}
	tell := teller(stderr)
	if err := write(ctx, in, info.Size(), path, tell); err != nil {
		return err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := verify(ctx, in, info.Size(), path, tell); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "The card is ready: put it into the Raspberry Pi, or first into a laptop, to change warren.toml on it.\n")
	return nil
}
