package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"warren/appliance/update/protocol"
)

// answering is a card, or whatever has its address, that answers anything.
type answering string

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		io.Copy(io.Discard, r.Body)
	}
	return http.ReadResponse(bufio.NewReader(strings.NewReader(string(a))), r)
}

// FuzzCard: whatever answers at the card's address, the host gets a status with a
// challenge, or a sentence; and nothing of it does anything to the terminal.
func FuzzCard(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\n\r\n{\"version\":\"v\",\"root\":\"A\",\"challenge\":{\"salt\":\"AAAA\",\"iterations\":600000,\"nonce\":\"n\"}}")
	f.Add("HTTP/1.1 401 \x1b[2J\r\nContent-Length: 9\r\n\r\n\x1b]0;title\x07\xff")
	f.Add("HTTP/1.1 307 x\r\nLocation: http://elsewhere.example/\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n{\"version\":\"\x7f\u202e\"}")
	f.Add(strings.Repeat("\xe2", 3000))
	f.Fuzz(func(t *testing.T, answer string) {
		c := newCard("rabbit")
		c.client.Transport = answering(answer)
		var out bytes.Buffer
		tell := &teller{out: &out}
		s, err := c.status(t.Context())
		if err == nil {
			if s.Challenge == nil {
				t.Fatal("there is no challenge")
			}
			tell.line("%s runs %s, from root %s.", c.host, s.Version, s.Root)
			if s.Last != nil {
				tell.line("%s: %s", s.Last.Version, s.Last.Why)
			}
		}
		a := protocol.Announcement{Nonce: "n", Length: 4, Trial: time.Minute}
		version, putErr := c.put(t.Context(), strings.NewReader("root"), a, protocol.Key("key"))
		for _, err := range []error{err, putErr} {
			if err != nil && len(err.Error()) > 2500 {
				t.Fatalf("a sentence of %d bytes", len(err.Error()))
			}
		}
		tell.line("%s %v %v", version, err, putErr)
		if strings.ContainsFunc(out.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || strings.Count(out.String(), "\n") > 3 {
			t.Fatalf("%q", out.String())
		}
	})
}
