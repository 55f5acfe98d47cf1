package main

import (
	"fmt"

	"warren/appliance/settings"
	"warren/appliance/update/bootfile"
	"warren/appliance/update/trial"
)

// card is the card that the system runs from.
type card struct {
	boot    string // the boot partition, such as /dev/mmcblk0p1
	a, b    string // the partitions of the root file systems
	running trial.Root
}

// findCard returns it.
func findCard() (card, error) {
	devices, running, err := settings.Partitions()
	if err != nil {
		return card{}, fmt.Errorf("the card cannot be found: %w", err)
	}
	c := card{boot: devices["1"], a: devices["2"], b: devices["3"]}
	switch {
	case c.boot == "" || c.a == "" || c.b == "":
		return card{}, fmt.Errorf("the card cannot be found: / is not on a disk with Warren's partitions, but on one with %v", devices)
	case running == "2":
		c.running = trial.A
	case running == "3":
		c.running = trial.B
	default:
		return card{}, fmt.Errorf("the card cannot be found: / is on partition %s, not 2 or 3", running)
	}
	return c, nil
}

// spare returns the root file system that does not run, and its partition.
func (c card) spare() (trial.Root, string) {
	if c.running == trial.A {
		return trial.B, c.b
	}
	return trial.A, c.a
}

// own returns the root file system that starts by itself.
func (c card) own() (trial.Root, error) {
	line, err := bootfile.Read(c.boot, bootfile.OwnLine)
	if err != nil {
		return 0, err
	}
	return bootfile.RootIn(string(line))
}

// keep makes the root file system that runs the one that starts by itself. In the
// card's own command line one digit changes, and so one sector.
func (c card) keep() error {
	line, err := bootfile.Read(c.boot, bootfile.OwnLine)
	if err != nil {
		return err
	}
	with, err := bootfile.WithRoot(string(line), c.running)
	if err != nil {
		return err
	}
	return bootfile.Overwrite(c.boot, bootfile.OwnLine, with)
}

// prepareTrial makes the one that does not run the one that a trial starts, with a
// command line that is otherwise the card's own: a host may have added to that.
func (c card) prepareTrial() error {
	line, err := bootfile.Read(c.boot, bootfile.OwnLine)
	if err != nil {
		return err
	}
	trialLine, err := bootfile.ForTrial(string(line), c.running.Other())
	if err != nil {
		return err
	}
	return bootfile.Overwrite(c.boot, bootfile.TrialLine, trialLine)
}
