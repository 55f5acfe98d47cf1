package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// askCode returns the host's code: that of the environment, or what somebody
// types, who does not see it.
func askCode(ctx context.Context, stdin *os.File, stderr io.Writer) (string, error) {
	if code := os.Getenv(codeVariable); code != "" {
		return code, nil
	}
	fd := int(stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("there is no terminal to ask for the host's code: put it into %s", codeVariable)
	}
	defer term.Restore(fd, before) // after Ctrl-C nobody else does
	fmt.Fprint(stderr, "The host's code, from HOST-CODE.TXT or warren.toml: ")
	defer fmt.Fprintln(stderr)
	typed := make(chan error, 1)
	var code []byte
	go func() { // ends with the line, or with this program
		var err error
		code, err = term.ReadPassword(fd)
		typed <- err
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case err := <-typed:
		if err != nil {
			return "", fmt.Errorf("read the host's code: %w", err)
		}
	}
	if text := strings.TrimSpace(string(code)); text != "" {
		return text, nil
	}
	return "", errors.New("without the host's code nothing is sent")
}
