package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// room is how a system proves itself.
type room struct {
	url         string // chatd's, without a / at its end
	brokerState string // the file in which the broker daemon says how it is
}

// wrong returns nil if the room is open, or a sentence that says what is not as
// it should be.
func (r room) wrong(ctx context.Context) error {
	state, why := r.broker()
	switch state {
	case "up":
		return r.answers(ctx, "/readyz", "does not reach the broker")
	case "elsewhere":
		// That another machine's broker is away says nothing of this system.
		return r.answers(ctx, "/healthz", "is not well")
	}
	// How chatd is matters more, if it is not even there.
	if err := r.answers(ctx, "/healthz", "is not well"); err != nil {
		return err
	}
	if why != "" {
		why = ": " + why
	}
	return fmt.Errorf("the broker is %s%s", state, why)
}

// inMemory is what is said of a broker that is up, and cannot write the card.
const inMemory = "up, and keeps nothing"

// broker returns what the broker daemon says of itself: see its state.go.
func (r room) broker() (state, why string) {
	var s struct {
		State, Why string
		InMemory   string `json:"in_memory"`
	}
	data, err := os.ReadFile(r.brokerState)
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil || s.State == "" {
		return "not there yet", ""
	}
	if s.State == "up" && s.InMemory != "" {
		// The old system could write the card: the update is noted on it.
		return inMemory, s.InMemory
	}
	return s.State, s.Why
}

// answers asks chatd for a page that is 200 if all is well.
func (r room) answers(ctx context.Context, page, otherwise string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+page, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return errors.New("chatd does not answer")
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 4096)) // so that the connection can be used again
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("chatd %s (%s)", otherwise, resp.Status)
	}
	return nil
}
