package status

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// well is a board on which nothing is wrong.
func well() Board {
	return Board{
		Version: "v1", Model: "Raspberry Pi 4 Model B Rev 1.4",
		Power: &Power{}, Temperature: &Temperature{Now: 54, Most: 61}, Memory: &Space{Free: 250e6, All: 416e6},
		Card: &Card{Disk: "mmcblk0", Name: "SC16G", Bytes: 15_931_539_456},
		Data: &Data{Space: Space{Free: 5_200_000_000, All: 7_900_000_000}, Files: 100_000},
	}
}

func TestBoard(t *testing.T) {
	const good = "It is a Raspberry Pi 4 Model B Rev 1.4. The power supply is strong enough. The processor is at 54 \u00b0C. Free memory: 250 MB of 416 MB."
	const card = "The card is SC16G, with 15.9 GB. Free for data: 5.2 GB of 7.9 GB."
	for name, test := range map[string]struct {
		change      func(b *Board)
		board, card string // what is said of each; or of the one that is not as it should be
		wrong       string // the section that is
	}{
		"well":           {func(b *Board) {}, good, card, ""},
		"says nothing":   {func(b *Board) { *b = Board{Model: "linux,dummy-virt", Data: b.Data} }, "It is a linux,dummy-virt.", "Free for data: 5.2 GB of 7.9 GB.", ""},
		"no note":        {func(b *Board) { b.NoteFault = "it has 12 bytes" }, good + " WHY.TXT on the boot partition is not written any more, and what it says is old: it has 12 bytes.", card, ""},
		"weak supply":    {func(b *Board) { b.Power = &Power{Low: true, Times: 1} }, "The power supply is too weak, which", card, "Board"},
		"was weak":       {func(b *Board) { b.Power.Times = 3 }, "was too weak for a moment (times since the start: 3): use the power supply that is made for this board", card, ""},
		"hot":            {func(b *Board) { b.Temperature = &Temperature{82, 85, true} }, "at 82 \u00b0C, and slows itself down from 80 \u00b0C on: give the box air", card, "Board"},
		"was hot":        {func(b *Board) { b.Temperature.Most = 80 }, "at 54 \u00b0C. It was at 80 \u00b0C, and slowed itself down", card, ""},
		"memory":         {func(b *Board) { b.Memory.Free = 20e6 }, "Memory is short (free: 20 MB of 416 MB)", card, "Board"},
		"worn out":       {func(b *Board) { b.Card.Errors = 4 }, good, "could not be read or written (times since the start: 4)", "Card"},
		"card is locked": {func(b *Board) { b.Card.ReadOnly = true }, good, "It takes nothing any more", "Card"},
		"no /perm":       {func(b *Board) { b.Data = nil }, good, "nothing that is said outlasts a restart. Flash the card anew", "Card"},
		"read-only":      {func(b *Board) { b.Data.ReadOnly = true }, good, "can be read and not written", "Card"},
		"full":           {func(b *Board) { b.Data.Free = 1e6 }, good, "free: 1 MB of 7.9 GB): make keep_mb in warren.toml smaller", "Card"},
		"full of files":  {func(b *Board) { b.Data.Files = 3 }, good, "hardly any room for files (free: 3)", "Card"},
	} {
		t.Run(name, func(t *testing.T) {
			b := well()
			test.change(&b)
			js, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			tell(t, dir, BoardFile, string(js))
			all := At(dir, 0)
			for _, s := range all {
				want := map[string]string{"Board": test.board, "Card": test.card}[s.Title]
				if text := strings.Join(s.Text, " "); !strings.Contains(text, want) || want == "" {
					t.Errorf("%s: %q, and not %q", s.Title, text, want)
				}
				if s.Wrong != (s.Title == test.wrong) {
					t.Errorf("%s: wrong is %v", s.Title, s.Wrong)
				}
			}
			if len(all) != 2 {
				t.Errorf("%d sections", len(all))
			}
			if again, err := ReadBoard(dir); err != nil || again.Model != b.Model {
				t.Errorf("%+v, %v", again, err)
			}
		})
	}
}

// A daemon that has just been started, or has failed, has not looked at anything: nothing
// is said of the card then.
func TestBoardHasNotBeenLookedAt(t *testing.T) {
	for js, want := range map[string]Section{
		`{"state":"starting"}`:               {},
		`{"state":"failed","why":"no room"}`: {Wrong: true, Text: []string{"The program that looks at the board has failed, and is tried again: no room."}},
	} {
		var board, card Section
		if err := errors.Join(tellBoard([]byte(js), &board), tellCard([]byte(js), &card)); err != nil {
			t.Error(err)
		}
		if card.Wrong || len(card.Text) > 0 || board.Wrong != want.Wrong || !slices.Equal(board.Text, want.Text) {
			t.Errorf("%s: %+v, and of the card %+v", js, board, card)
		}
	}
}
