package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"warren/appliance/update/protocol"
)

// card is the card that is updated.
type card struct {
	host    string // as the user named it
	address string // with the port
	client  http.Client
}

// writeTime is how long a card may take to write and check what it was sent:
// 500 MiB at 2 MB/s, which is a bad card.
const writeTime = 5 * time.Minute

// newCard returns the card at HOST, or HOST:PORT.
func newCard(host string) *card {
	address := host
	if _, _, err := net.SplitHostPort(host); err != nil {
		address = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(protocol.Port))
	}
	return &card{host: host, address: address, client: http.Client{Transport: &http.Transport{
		// No proxy: a card is near. Each request has a connection of its own,
		// because the card restarts between them.
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		DisableKeepAlives:     true,
		ResponseHeaderTimeout: writeTime,
		// A card that refuses says so before it is sent anything.
		ExpectContinueTimeout: 30 * time.Second,
	}}}
}

// status asks the card how it is.
func (c *card) status(ctx context.Context) (s protocol.Status, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address+"/", nil)
	if err != nil {
		return s, fmt.Errorf("%q is no name or address of a card", c.host)
	}
	req.Host = protocol.Host
	resp, err := c.client.Do(req)
	if err != nil {
		return s, c.unreached(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return s, refusal(resp)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&s); err != nil || s.Challenge == nil {
		return s, fmt.Errorf("what answers at %s is not Warren", c.address)
	}
	return s, nil
}

// unreached says why a card is not reached, and what to look at.
func (c *card) unreached(err error) error {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return fmt.Errorf("there is no machine with the name %s: is it spelt right? The card's address is in your router", c.host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("the machine %s takes no updates at %s: is it a card with Warren, and one that is not too old for updates?", c.host, c.address)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), isTimeout(err):
		return fmt.Errorf("nothing answers at %s: is the card on, in the same network, and is that its address?", c.address)
	}
	return fmt.Errorf("the card is not reached: %.500w", err) // it may quote what answers
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// put sends what was announced, and returns the version that the card found in
// it.
func (c *card) put(ctx context.Context, body io.Reader, a protocol.Announcement, key protocol.Key) (version string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+c.address+"/root", body)
	if err != nil {
		return "", err
	}
	req.Host = protocol.Host
	req.ContentLength = a.Length
	req.Header.Set("Expect", "100-continue")
	a.Set(req.Header, key)
	resp, err := c.client.Do(req)
	if err != nil {
		return "", fmt.Errorf("the connection to the card broke: %.500w: the old system runs on; try again", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", refusal(resp)
	}
	var answer struct{ Version string }
	if err := json.NewDecoder(io.LimitReader(resp.Body, 4096)).Decode(&answer); err != nil {
		return "", fmt.Errorf("the card's answer cannot be read: %w", err)
	}
	return answer.Version, nil
}

// refusal is the sentence with which a card has refused something.
func refusal(resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
	said := strings.TrimSpace(strings.ToValidUTF8(string(text), "?"))
	if said == "" {
		said = resp.Status
	}
	return fmt.Errorf("the card says: %s", said)
}
