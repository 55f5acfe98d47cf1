package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// card is what ext4 leaves of the 944 MiB for data of a card as it is flashed.
const card = 912 << 20

func TestKept(t *testing.T) {
	for _, test := range []struct {
		asked int
		size  uint64
		aside int64 // is set aside, in MiB
		want  int64
	}{{8, card, 0, 8}, {64, card, 0, 64}, {232, card, 0, 232}, {233, card, 0, 232}, {1024, card, 0, 232}, {1024, 4 << 30, 0, 1024}, {8, 100 << 20, 0, 8}, {64, 0, 0, 8},
		{64, card, 100, 64}, {1024, card, 100, 187}, {1024, card, 900, 8}} {
		bytes, note := kept(test.asked, test.size, test.aside<<20)
		if bytes != test.want<<20 {
			t.Errorf("of %d MiB asked for on %d bytes, %d are kept, want %d", test.asked, test.size, bytes>>20, test.want)
		}
		if all := note == ""; all != (int64(test.asked) == test.want) || !all && !strings.Contains(note, fmt.Sprintf("keep_mb in warren.toml is %d, but the card has room for %d megabytes", test.asked, test.want)) {
			t.Errorf("%d on %d: the host is told %q", test.asked, test.size, note)
		}
	}
}

// TestCardIsNeverFull: whatever the settings ask for, on every card, however often the log is set aside,
// all that is kept at its worst leaves free what RabbitMQ needs free. With less it takes no messages any more, for good.
func TestCardIsNeverFull(t *testing.T) {
	for size := uint64(card); size <= 64<<30; size += size / 7 {
		for asked := keepLeast; asked <= 1<<20; asked += 1 + asked/3 {
			var aside []int64
			for n := range 8 {
				var all int64
				for _, one := range aside {
					all += one
				}
				log, _ := kept(asked, size, all)
				data := log*11/10 + keptState // the log, its index, and the second stream
				// The second is a copy, or what is being set aside just now.
				if left := int64(size) - all - 2*data - pictures - ownFiles; left < int64(freeLimit(size)) {
					t.Fatalf("keep_mb %d on %d MiB, set aside %d times: %d MiB are free, and %d must be", asked, size>>20, n, left>>20, freeLimit(size)>>20)
				}
				aside = append(aside, data)
				aside = aside[max(0, len(aside)-maxAside):]
			}
		}
	}
	if data := memoryKeepMB<<20*11/10 + 1<<20 + 3<<20 + keptState; data+memoryFree > memorySize {
		t.Errorf("in memory %d MiB are kept, and %d are to be free, of %d", data>>20, memoryFree>>20, memorySize>>20)
	}
}

// TestNewestAside: of what was set aside under all names the last two stay, though a card has no clock.
func TestNewestAside(t *testing.T) {
	data := filepath.Join(t.TempDir(), "rabbitmq")
	for i, version := range []string{"3.10.8", "", "4.0.5", "older", ""} {
		wrote(t, data, version, fmt.Sprint(i))
		if err := setAside(data, data, asideName(data, version)); err != nil {
			t.Fatal(err)
		}
		ahead := time.Now().Add(time.Hour) // the box was off, and believes that it is long ago
		if err := os.Chtimes(asideName(data, version), ahead.Add(time.Duration(i)*time.Second), ahead.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	for version, said := range map[string]string{"3.10.8": "", "4.0.5": "", "older": "3", "": "4"} {
		holds(t, asideName(data, version), said)
	}
	if err := setAside(data, data, asideName(data, "9")); err != nil {
		t.Errorf("there are no data: %v", err)
	}
	holds(t, asideName(data, "older"), "3")
}
