package rabbitmq

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	amqp "github.com/rabbitmq/amqp091-go"
)

// fileScheme begins an address that says where the URLs are: in a file, so that
// no password stands in a command line, and so that a broker can be started,
// and its password made, after the daemons that use it.
const fileScheme = "file:"

// maxURLs is the most that is read from a file, in bytes.
const maxURLs = 4096

// CheckURL reports what is wrong with the address of a room's RabbitMQ: an AMQP
// URL; or several of them, those of the nodes of one cluster, with commas or
// white space between; or "file:" and the path of a file that will hold either.
// The error does not hold the password.
func CheckURL(address string) error {
	if path, ok := strings.CutPrefix(address, fileScheme); ok {
		if path == "" {
			return errors.New("the broker's URL names no file: it must look like file:/path/of/the/file")
		}
		return nil
	}
	_, err := parseURLs(address)
	return err
}

// target is one broker to connect to.
type target struct {
	url  string
	name string // host:port, for people
}

// parseURLs reads AMQP URLs. What the parsers say of a bad one may hold the
// password, so none of it is passed on.
func parseURLs(text string) ([]target, error) {
	urls := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if len(urls) == 0 {
		urls = []string{""} // which is a bad one
	}
	all := make([]target, len(urls))
	for i, url := range urls {
		uri, err := amqp.ParseURI(url)
		if err != nil {
			which := "the broker's URL"
			if len(urls) > 1 {
				which = fmt.Sprintf("URL %d of the broker's %d", i+1, len(urls))
			}
			return nil, fmt.Errorf("%s cannot be read: it must look like amqp://user:password@host:5672/, "+
				"with the characters : @ / ? # %% and comma of user and password written as %%3A %%40 %%2F %%3F %%23 %%25 %%2C, "+
				"and commas between several; or file: and the path of a file that holds it", which)
		}
		all[i] = target{url, fmt.Sprintf("%s:%d", uri.Host, uri.Port)}
	}
	return all, nil
}

// resolve returns the brokers of an address, at least one. A file is read each
// time: it may be written later, or hold other URLs by then.
func resolve(address string) ([]target, error) {
	path, ok := strings.CutPrefix(address, fileScheme)
	if !ok {
		return parseURLs(address)
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s yet, which is to hold the broker's URL", path)
	}
	if err != nil {
		return nil, fmt.Errorf("the file of the broker's URL cannot be read: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxURLs+1))
	if err != nil {
		return nil, fmt.Errorf("the file of the broker's URL cannot be read: %w", err)
	}
	text := string(data)
	if len(text) > maxURLs {
		return nil, fmt.Errorf("the file %s has more than %d bytes: it must hold AMQP URLs, with commas or line breaks between", path, maxURLs)
	}
	if strings.HasPrefix(strings.TrimSpace(text), fileScheme) {
		return nil, fmt.Errorf("the file %s names another file: it must hold an AMQP URL", path)
	}
	all, err := parseURLs(text)
	if err != nil {
		return nil, fmt.Errorf("in the file %s: %w", path, err)
	}
	return all, nil
}
