// Demo boots the image of the card in an emulator, for people who have no Pi.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"warren/appliance/emulator"
)

func main() {
	image := flag.String("image", "build/warren.img", "the `FILE` to boot; it is not changed")
	port := flag.Int("port", 8081, "the `PORT` on this machine where the room is found")
	verbose := flag.Bool("v", false, "show the kernel's messages")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *image, *port, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, image string, port int, verbose bool) error {
	card, err := emulator.NewCard(image, rand.Uint64())
	if err != nil {
		return err
	}
	defer card.Close()
	o := emulator.Options{Ports: map[int]int{emulator.RoomPort: port}}
	if verbose {
		o.Console = os.Stdout
	}
	begun := time.Now()
	m, err := emulator.Start(ctx, card, o)
	if err != nil {
		return err
	}
	defer m.Cut()
	fmt.Println("The card boots, in an emulator. Ctrl-C pulls its plug; what was said is gone then.")
	for _, step := range []struct{ page, said string }{
		{"", fmt.Sprintf("The page is there: http://localhost:%d/", port)},
		{"readyz", "RabbitMQ is up: the room is open."},
	} {
		if err := m.Await(ctx, step.page); ctx.Err() != nil {
			return nil
		} else if err != nil {
			return err
		}
		fmt.Printf("%5.1f s  %s\n", time.Since(begun).Seconds(), step.said)
	}
	select {
	case <-ctx.Done():
		return nil
	case <-m.Ended():
		return fmt.Errorf("the emulator has ended by itself: try -v")
	}
}
