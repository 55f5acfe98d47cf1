package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const (
	// brokerUser is the one user of the card's own RabbitMQ. There is no
	// guest.
	brokerUser = "warren"

	// brokerAddr is where it listens, and all that it listens on.
	brokerAddr = "127.0.0.1:5672"
)

// clientsGID is the group that may read the broker's URL: on the card that of
// the user warren, which daemons that talk to the broker become.
const clientsGID = 5672

// ownURL returns the URL of the card's own RabbitMQ, with its password. It is
// made once, at the first boot, and kept in the file path, for root only: the
// database keeps the first password it sees.
func ownURL(path string) (string, error) {
	b, err := os.ReadFile(path)
	switch {
	case err == nil:
		text := strings.TrimSpace(string(b))
		if u, err := url.Parse(text); err == nil && u.User.Username() == brokerUser && password(text) != "" {
			return text, nil
		}
		// Torn by a power cut, at the very first boot: nothing knows the
		// password yet. Or by hand: then the database does not know it.
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("read the broker's password: %w", err)
	}
	// 130 random bits; letters and digits only.
	u := url.URL{Scheme: "amqp", User: url.UserPassword(brokerUser, rand.Text()), Host: brokerAddr}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("keep the broker's password: %w", err)
	}
	if err := writeFile(path, []byte(u.String()+"\n"), 0o600, 0, true); err != nil {
		return "", fmt.Errorf("keep the broker's password: %w", err)
	}
	return u.String(), nil
}

// password returns the password in a URL.
func password(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	p, _ := u.User.Password()
	return p
}

// writeFile writes a file at once, or not at all. gid is its group. With flush
// it is on the disk afterwards.
func writeFile(path string, content []byte, mode fs.FileMode, gid int, flush bool) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	// The group first: with the mode alone the group of our own could read it.
	if gid != 0 {
		err = errors.Join(err, f.Chown(-1, gid))
	}
	err = errors.Join(err, f.Chmod(mode))
	if flush {
		err = errors.Join(err, f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil || !flush {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
