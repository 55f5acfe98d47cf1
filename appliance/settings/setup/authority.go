package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"warren/appliance/settings"
	"warren/chatd/fanout/rabbitmq"
)

// authorityName is the file with the authority of the broker's certificate, for the
// daemons that connect to it. Nothing in it is secret.
const authorityName = "broker-ca.pem"

// tellAuthority puts the file that the settings name into dir, and the path of that
// into the settings. Without it a broker with amqps cannot be trusted, so a mistake
// is told, and the certificate must be by an authority that everybody trusts.
func tellAuthority(s *settings.Settings, dir string, read func(name string) ([]byte, error)) *settings.Mistake {
	name := s.Broker.CA
	if name == "" {
		return nil
	}
	s.Broker.CA = ""
	wrong := func(right string) *settings.Mistake {
		return &settings.Mistake{Key: "ca", Value: fmt.Sprintf("%q", name), Right: right}
	}
	file, err := read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wrong("there is no such file beside " + settings.FileName + ": put it there, under exactly this name")
	case err != nil:
		return wrong(fmt.Sprintf("the file cannot be read: %v", err))
	}
	if _, err := rabbitmq.Authorities(file); err != nil {
		return wrong(err.Error())
	}
	path := filepath.Join(dir, authorityName)
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(path, file, 0o644)); err != nil {
		return wrong(fmt.Sprintf("the file cannot be passed on: %v", err))
	}
	s.Broker.CA = path
	return nil
}
