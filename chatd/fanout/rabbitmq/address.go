package rabbitmq

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// fileScheme begins an address that says where the URL is: in a file, so that
// no password stands in a command line, and so that a broker can be started,
// and its password made, after the daemons that use it.
const fileScheme = "file:"

// maxURL is the longest URL that is read from a file, in bytes.
const maxURL = 4096

// CheckURL reports what is wrong with the address of a broker: an AMQP URL, or
// "file:" and the path of a file that will hold one. The error does not hold
// the password.
func CheckURL(address string) error {
	_, err := checkURL(address)
	return err
}

// checkURL returns what an address is called in a log. What the parsers say of
// a bad one may hold the password, so none of it is passed on.
func checkURL(address string) (string, error) {
	if path, ok := strings.CutPrefix(address, fileScheme); ok {
		if path == "" {
			return "", errors.New("the broker's URL names no file: it must look like file:/path/of/the/file")
		}
		return address, nil
	}
	uri, err := amqp.ParseURI(address)
	if err != nil {
		return "", errors.New("the broker's URL cannot be read: it must look like amqp://user:password@host:5672/, " +
			"with the characters : @ / ? # % of user and password written as %3A %40 %2F %3F %23 %25; or file: and the path of a file that holds it")
	}
	return fmt.Sprintf("%s:%d", uri.Host, uri.Port), nil
}

// resolve returns the AMQP URL of an address. A file is read each time: it may
// be written later, or hold another URL by then.
func resolve(address string) (string, error) {
	path, ok := strings.CutPrefix(address, fileScheme)
	if !ok {
		return address, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("there is no file %s yet, which is to hold the broker's URL", path)
	}
	if err != nil {
		return "", fmt.Errorf("the file of the broker's URL cannot be read: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxURL))
	if err != nil {
		return "", fmt.Errorf("the file of the broker's URL cannot be read: %w", err)
	}
	url := strings.TrimSpace(string(data))
	if strings.HasPrefix(url, fileScheme) {
		return "", fmt.Errorf("the file %s names another file: it must hold an AMQP URL", path)
	}
	if _, err := checkURL(url); err != nil {
		return "", fmt.Errorf("in the file %s: %w", path, err)
	}
	return url, nil
}
