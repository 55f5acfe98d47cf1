package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// An update may bring another version of RabbitMQ. It changes the data of the one
// before as soon as it starts, and no RabbitMQ reads what a newer one has changed:
// 4.0 waits five minutes on data that 4.3 has opened, and gives up. So the data are
// copied before another version starts with them. The copy goes when that version has
// proved itself; until then, the version that it is of takes it back when it
// starts: its system is the one that runs again.

// wellName is a file in RabbitMQ's data that says that RabbitMQ has been well
// with it: then there may be something said in it. It holds the version of that
// RabbitMQ, or nothing if a card has written it that did not know versions.
const wellName = ".warren-well"

// wasWell returns which version of RabbitMQ was last well with data.
func wasWell(data string) (version string, well bool) {
	b, err := os.ReadFile(filepath.Join(data, wellName))
	version = strings.TrimSpace(string(b))
	if version == "" || len(version) > 40 || strings.ContainsAny(version, "/\x00") {
		version = older
	}
	return version, err == nil
}

// noteWell notes that a version of RabbitMQ is well with data.
func noteWell(data, version string) error {
	if noted, well := wasWell(data); well && noted == version {
		return nil
	}
	return writeFile(filepath.Join(data, wellName), []byte(version+"\n"), 0o600, 0, true)
}

// copyExt ends the name of a copy of data.
const copyExt = ".copy"

func copyName(data, version string) string { return data + "-" + version + copyExt }

// copyData copies the data of another version than own, if there are any and it
// has not been done. A copy is there whole or not at all.
func copyData(data, own string, flush func() error) (copied bool, err error) {
	part := data + ".part" // a power cut may have left one
	if err := os.RemoveAll(part); err != nil {
		return false, err
	}
	version, well := wasWell(data)
	if !well || version == own || version == older || isDir(copyName(data, version)) {
		return false, nil
	}
	defer os.RemoveAll(part)
	if err := os.Mkdir(part, 0o700); err != nil {
		return false, err
	}
	if err := os.CopyFS(part, os.DirFS(data)); err != nil {
		return false, err
	}
	if err := flush(); err != nil {
		return false, err
	}
	if err := os.Rename(part, copyName(data, version)); err != nil {
		return false, err
	}
	return true, syncDir(filepath.Dir(data))
}

// takeBack replaces the data by the copy that there is of those of version own.
func takeBack(data, own string) (back bool, err error) {
	if !isDir(copyName(data, own)) {
		return false, nil
	}
	if err := os.RemoveAll(data); err != nil {
		return false, err
	}
	if err := os.Rename(copyName(data, own), data); err != nil {
		return false, err
	}
	return true, syncDir(filepath.Dir(data))
}

// removeCopies removes all copies: the version that runs has proved itself.
func removeCopies(data string) error {
	all, err := filepath.Glob(data + "-*" + copyExt)
	if err != nil {
		return err
	}
	for _, path := range all {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove a copy: %w", err)
		}
	}
	return nil
}

// errVersion says that RabbitMQ cannot read data of another version.
type errVersion struct{ own, wrote string }

func (e errVersion) Error() string {
	return fmt.Sprintf("RabbitMQ %s cannot read what %s has written on this card", e.own, writer(e.wrote))
}
