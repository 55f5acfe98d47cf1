package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/websocket"
)

// frame is all that the server may say.
type frame struct {
	Type, Epoch, State, Ref, Why, Broker string
	Code                                 int
	Head                                 int64
	Resumed, Gap, More                   bool
	Records                              []recordFrame
	Room                                 roomFrame
	RetryMS                              int `json:"retry_ms"`

	Muted []Person
	Words []string
	Deeds []struct {
		Offset    int64
		Ref, Verb string
		By, Who   Person
		Undo      bool
		To        int64
	}
}

type recordFrame struct {
	Type, Ref   string
	Offset      int64
	From        Person
	Text, Emoji string
	To          int64
	Undo        bool
	Edited      bool
	Gone        string
}

type roomFrame struct {
	Title string
	Pin   struct {
		Text   string
		Offset int64
	}
	Notice      string
	Slow        int
	Locked, Off bool
}

func (f *frame) items() []Item {
	items := make([]Item, len(f.Records))
	for i, r := range f.Records {
		items[i] = Item{r.Offset, cmp.Or(r.Type, message), r.From.ID, r.From.Name, r.Ref, cmp.Or(r.Emoji, r.Text), r.To, r.Undo, r.Edited, r.Gone}
	}
	return items
}

// noTitle is the title of a room whose host has given it none.
const noTitle = "rabbit"

func (f *roomFrame) view() RoomView {
	v := RoomView{f.Title, f.Pin.Text, f.Notice, f.Pin.Offset, f.Slow, f.Locked, f.Off}
	if v.Title == noTitle {
		v.Title = ""
	}
	return v
}

func (f *frame) host() *HostView {
	h := &HostView{Words: f.Words}
	for _, p := range f.Muted {
		h.Muted = append(h.Muted, p.ID)
	}
	for _, d := range f.Deeds {
		deed := Deed{Offset: d.Offset, Ref: d.Ref, Verb: d.Verb, By: d.By.ID, Undo: d.Undo, To: d.To, Who: d.Who.ID}
		if d.Verb == hide {
			deed.Who = "" // whose message it is: a courtesy, if that chatd had it at hand
		}
		h.Deeds = append(h.Deeds, deed)
	}
	return h
}

// dial connects to the room at a door, with a host's cookie or none.
func dial(ctx context.Context, door string, cookie *http.Cookie) (*websocket.Conn, error) {
	d := websocket.Dialer{Subprotocols: []string{"warren.v1"}, HandshakeTimeout: connectTime}
	header := http.Header{}
	if cookie != nil {
		header.Set("Cookie", cookie.String())
	}
	conn, _, err := d.DialContext(ctx, "ws://"+door+"/websocket", header)
	return conn, err
}

// hostCode is the host's code at all chatd.
const hostCode = "torture-host"

// becomeHost shows the code at a door and returns the cookie for it, which is good at every chatd.
func becomeHost(ctx context.Context, door string) (*http.Cookie, error) {
	form := url.Values{"code": {hostCode}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+door+"/host", strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("become the host: %w", err)
	}
	res.Body.Close()
	for _, c := range res.Cookies() {
		if c.Name == "host" {
			return &http.Cookie{Name: c.Name, Value: c.Value}, nil
		}
	}
	return nil, fmt.Errorf("become the host: %s, and no cookie", res.Status)
}
