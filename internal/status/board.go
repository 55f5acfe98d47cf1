package status

import (
	"encoding/json"
	"errors"
	"fmt"
)

// BoardFile is what the daemon of package board tells, a Board in JSON.
const BoardFile = "board.state"

// Board is how the board is, and what is in it. What the board does not say is nil,
// or empty.
type Board struct {
	Version string `json:"version"` // of Warren
	Model   string `json:"model"`   // as the device tree has it

	Power       *Power       `json:"power,omitempty"`
	Temperature *Temperature `json:"temperature,omitempty"`
	Memory      *Space       `json:"memory,omitempty"` // of the machine
	Card        *Card        `json:"card,omitempty"`
	Data        *Data        `json:"data,omitempty"` // nil: /perm is not mounted

	// Noted is when WHY.TXT was last written, in seconds since the start; 0: not.
	Noted int64 `json:"noted,omitempty"`

	// NoteFault is why WHY.TXT is not written any more, though it is there.
	NoteFault string `json:"note_fault,omitempty"`
}

// Power is the power supply, as the firmware measures it: it is too weak below
// 4.63 V.
type Power struct {
	Low   bool `json:"low"`   // now, or within the last minute
	Times int  `json:"times"` // that it was, since the start
}

// Temperature is the processor's, in degrees Celsius.
type Temperature struct {
	Now  int  `json:"now"`
	Most int  `json:"most"` // since the start
	Hot  bool `json:"hot"`  // it is HotFrom or more, or was a moment ago
}

// HotFrom is the temperature from which on a Pi's firmware slows the processor down
// (documentation of the Raspberry Pi, "Frequency management and thermal control"), in
// degrees Celsius.
const HotFrom = 80

// Space is how much there is of something, in bytes.
type Space struct {
	Free int64 `json:"free"`
	All  int64 `json:"all"`
}

// Card is the card that the system runs from.
type Card struct {
	Disk     string `json:"disk"`           // mmcblk0
	Name     string `json:"name,omitempty"` // by its maker
	Bytes    int64  `json:"bytes"`
	Errors   int    `json:"errors"` // of it, that the kernel has reported since the start
	ReadOnly bool   `json:"read_only"`
}

// Data is the file system that what is said is kept on.
type Data struct {
	Space
	Files    int64 `json:"files"` // that can still be made
	ReadOnly bool  `json:"read_only"`
}

// What is short of. The broker's container may take 300 MB and has them; below
// this, the kernel begins to end programs. RabbitMQ wants free space for its log's
// next files, of 1 MiB each, and a message's picture is at most 400 kB.
const (
	leastMemory = 24 << 20
	leastSpace  = 32 << 20
	leastFiles  = 500
)

// ReadBoard returns what the board's daemon tells in dir.
func ReadBoard(dir string) (b Board, err error) {
	js, err := ReadFile(dir, BoardFile)
	if err == nil {
		err = json.Unmarshal(js, &b)
	}
	return b, err
}

// tellBoard tells how the board is.
func tellBoard(js []byte, s *Section) error {
	var b Board
	var d struct{ State, Why string }
	if err := errors.Join(json.Unmarshal(js, &b), json.Unmarshal(js, &d)); err != nil {
		return err
	}
	say := func(format string, args ...any) { s.Text = append(s.Text, fmt.Sprintf(format, args...)) }
	wrong := func(format string, args ...any) { s.Wrong = true; say(format, args...) }
	if d.State == "failed" {
		wrong("The program that looks at the board has failed, and is tried again: %s", stopped(d.Why))
		return nil
	}
	if b.Model != "" {
		say("It is a %s.", b.Model)
	}
	const better = "use the power supply that is made for this board, with a short cable, and unplug what hangs on its USB ports."
	switch p := b.Power; {
	case p == nil:
	case p.Low:
		wrong("The power supply is too weak, which slows the processor down, disturbs the Wi-Fi and can damage the card: %s", better)
	case p.Times > 0:
		say("The power supply was too weak for a moment (times since the start: %d): %s", p.Times, better)
	default:
		say("The power supply is strong enough.")
	}
	switch t := b.Temperature; {
	case t == nil:
	case t.Hot:
		wrong("The processor is at %d \u00b0C, and slows itself down from %d \u00b0C on: give the box air, and keep it out of the sun.", t.Now, HotFrom)
	case t.Most >= HotFrom:
		say("The processor is at %d \u00b0C. It was at %d \u00b0C, and slowed itself down: give the box more air.", t.Now, t.Most)
	default:
		say("The processor is at %d \u00b0C.", t.Now)
	}
	switch m := b.Memory; {
	case m == nil:
	case m.Free < leastMemory:
		wrong("Memory is short (free: %s of %s): if the chat becomes slow, pull the plug and put it back in.", size(m.Free), size(m.All))
	default:
		say("Free memory: %s of %s.", size(m.Free), size(m.All))
	}
	if b.NoteFault != "" {
		say("WHY.TXT on the boot partition is not written any more, and what it says is old: %s", stopped(b.NoteFault))
	}
	return nil
}

// tellCard tells how the card is, and the file system for data on it.
func tellCard(js []byte, s *Section) error {
	var b Board
	var d struct{ State string }
	if err := errors.Join(json.Unmarshal(js, &b), json.Unmarshal(js, &d)); err != nil || d.State != "" {
		return err // while there is a state, nothing has been looked at
	}
	say := func(format string, args ...any) { s.Text = append(s.Text, fmt.Sprintf(format, args...)) }
	wrong := func(format string, args ...any) { s.Wrong = true; say(format, args...) }
	if c := b.Card; c != nil {
		name := c.Disk
		if c.Name != "" {
			name = c.Name
		}
		say("The card is %s, with %s.", name, size(c.Bytes))
		if c.ReadOnly {
			wrong("It takes nothing any more, as cards do at the end of their life: take another one, and flash it.")
		} else if c.Errors > 0 {
			wrong("It could not be read or written (times since the start: %d): it sits loosely, or is wearing out. Save what was said at /host; if it comes again, flash another one.", c.Errors)
		}
	}
	switch d := b.Data; {
	case d == nil:
		wrong("Its data cannot be used: nothing that is said outlasts a restart. Flash the card anew, or another one.")
	case d.ReadOnly:
		wrong("Its data can be read and not written, because the kernel has found faults in them: nothing that is said now outlasts a restart. Pull the plug and put it back in; if that does not help, flash the card anew, or another one.")
	case d.Free < leastSpace:
		wrong("There is hardly any room for data (free: %s of %s): make keep_mb in warren.toml smaller, or take a larger card.", size(d.Free), size(d.All))
	case d.Files < leastFiles:
		wrong("There is hardly any room for files (free: %d): flash the card anew.", d.Files)
	default:
		say("Free for data: %s of %s.", size(d.Free), size(d.All))
	}
	return nil
}

// size says a number of bytes as the makers of cards do.
func size(n int64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%d MB", n/1e6)
}
