package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"warren/chatd/chat"
	"warren/chatd/uptime"
)

// A Basic is two guests without JavaScript: one posts to the page /basic, of whatever chatd, also while that
// does not know the log yet; the other looks at that page. Its methods may be called concurrently.
type Basic struct {
	doors  []string
	device string
	client http.Client

	mu     sync.Mutex
	posts  History
	looks  History
	posted int
}

// basicPace is the time between two requests, at random up to it.
const basicPace = time.Second

// NewBasic returns two who have not begun.
func NewBasic(doors ...string) *Basic {
	device := "the-old-phone-of-zoe-as-it-is"
	sender, err := chat.PersonID(device)
	if err != nil {
		panic(err)
	}
	return &Basic{
		doors: doors, device: device, posts: History{Phone: "zoe", Sender: sender}, looks: History{Phone: "yan", Sender: "yan"},
		client: http.Client{Timeout: connectTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// Browse has one post and the other look until ctx ends.
func (b *Basic) Browse(ctx context.Context) {
	for pause(ctx, rand.N(basicPace)) == nil {
		b.post(ctx, rand.IntN(len(b.doors)))
		b.look(ctx, rand.IntN(len(b.doors)))
	}
}

// post posts a message, once. Unless it was taken and came back at once, its place in the order of what
// its sender says is not promised.
func (b *Basic) post(ctx context.Context, door int) {
	b.mu.Lock()
	b.posted++
	item := Item{Type: message, Ref: strconv.Itoa(b.posted), Text: fmt.Sprintf("zoe says %d", b.posted)}
	b.mu.Unlock()
	record := func(kind Kind) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.posts.Events = append(b.posts.Events, Event{Kind: kind, At: uptime.Now().UpMS, Door: door, Item: item})
	}
	record(Said)
	form := url.Values{"text": {item.Text}, "ref": {item.Ref}, "name": {"zoe"}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.doors[door]+"/basic", strings.NewReader(form))
	if err != nil {
		panic(err) // of what is put together here
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: "device", Value: b.device})
	res, err := b.client.Do(req)
	if err == nil {
		res.Body.Close()
	}
	if err != nil || res.StatusCode != http.StatusSeeOther {
		record(Refused)
	}
}

// saidText finds what people of a run say, on a page.
var saidText = regexp.MustCompile(`[a-z0-9-]+ (says|has thought again:) [0-9]+( ` + unwanted + `)?`)

// look notes what is on the page.
func (b *Basic) look(ctx context.Context, door int) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.doors[door]+"/basic", nil)
	if err != nil {
		panic(err)
	}
	res, err := b.client.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range saidText.FindAllString(string(page), -1) {
		b.looks.Events = append(b.looks.Events, Event{Kind: Glimpsed, At: uptime.Now().UpMS, Door: door, Item: Item{Type: message, Text: text}})
	}
}

// Recorded returns what both did and saw.
func (b *Basic) Recorded() []History {
	b.mu.Lock()
	defer b.mu.Unlock()
	return []History{b.posts, b.looks}
}
