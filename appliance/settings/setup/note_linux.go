package main

import (
	"fmt"
	"io/fs"

	"warren/appliance/settings"
	"warren/appliance/update/bootfile"
)

// note is settings.HostCodeName on a boot partition: device, or that of the card
// that runs if it is empty.
type note struct{ device string }

func (n note) partition() (string, error) {
	if n.device != "" {
		return n.device, nil
	}
	return settings.BootDevice()
}

func (n note) read() ([]byte, error) {
	device, err := n.partition()
	if err != nil {
		return nil, err
	}
	content, err := bootfile.Read(device, settings.HostCodeName)
	if err != nil {
		// Somebody has removed it, or made it empty or long: it is as good as none.
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return content, nil
}

// write overwrites the file in place. Where there is none, or one that an editor
// has made shorter, it makes the file anew.
func (n note) write(content []byte) error {
	device, err := n.partition()
	if err != nil {
		return err
	}
	if bootfile.Overwrite(device, settings.HostCodeName, string(content)) == nil {
		return nil
	}
	return settings.WriteBoot(device, settings.HostCodeName, content)
}
