package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCheckROM(t *testing.T) {
	file := filepath.Join(t.TempDir(), "build-timestamp")
	if err := checkROM(file); err != nil {
		t.Errorf("a Pi 3: %v", err)
	}
	for day, refused := range map[string]bool{"2019-05-10": true, "2020-09-03": true, "2021-03-17": true, "2021-03-18": false, "2026-05-17": false} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, binary.BigEndian.AppendUint32(nil, uint32(at.Unix()+3600)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := checkROM(file); (err != nil) != refused || refused && !strings.Contains(err.Error(), "is of "+day+", and starts no system on trial") {
			t.Errorf("a Pi 4 of %s: %v", day, err)
		}
	}
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkROM(file); err != nil {
		t.Error(err)
	}
}
