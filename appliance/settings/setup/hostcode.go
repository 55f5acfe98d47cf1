package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"warren/appliance/settings"
	"warren/chatd/hostcode"
)

// hostCode is the host's code of this card. It is made when the card starts for
// the first time: no two cards that are flashed from one image have the same.
type hostCode struct {
	file string // keeps it, on a disk that outlives a restart
	note bootFile
	log  *slog.Logger
}

// bootFile is settings.HostCodeName on the boot partition.
type bootFile interface {
	read() ([]byte, error)
	write(content []byte) error
}

// inForce returns the code that holds, "" if nobody is the host, and tells the
// owner of the card. setting is that of warren.toml. What cannot be kept or told
// is logged, without the code: the hotspot comes up in any case.
func (h hostCode) inForce(setting string) string {
	told, err := h.note.read()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.log.Warn(settings.HostCodeName+" on the boot partition cannot be read", "error", err)
	}
	code := ""
	if setting == "" {
		code = h.own(settings.HostCodeIn(told))
	}
	if content := settings.HostCodeFile(setting, code); !bytes.Equal(bytes.TrimRight(content, " \n"), bytes.TrimRight(told, " \r\n")) { // editors trim
		if err := h.note.write(content); err != nil {
			h.log.Error("the host's code cannot be written to "+settings.HostCodeName+" on the boot partition: set one in warren.toml", "error", err)
		}
	}
	switch setting {
	case "":
		return code
	case settings.NoHost:
		return ""
	}
	return setting
}

// own returns the code that this card has made, or makes one. told is the one that
// the owner was told, or "": it holds if the disk has lost its file.
func (h hostCode) own(told string) string {
	content, err := os.ReadFile(h.file)
	code := strings.TrimSpace(string(content))
	if err == nil && hostcode.Check(code) == nil {
		return code
	}
	if code = told; code == "" {
		code = hostcode.New()
		h.log.Info("the host's code of this card is made", "its owner reads it in", settings.HostCodeName)
	}
	if err := h.keep(code); err != nil {
		h.log.Error("the host's code cannot be kept", "error", err)
	}
	return code
}

// keep writes the code, readable by nobody else. It returns when the disk has it.
func (h hostCode) keep(code string) error {
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return fmt.Errorf("make its folder: %w", err)
	}
	return renameio.WriteFile(h.file, []byte(code+"\n"), 0o600, renameio.WithStaticPermissions(0o600))
}
