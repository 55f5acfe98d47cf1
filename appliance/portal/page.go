package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"warren/appliance/portal/probe"
	"warren/chatd/invite"
	"warren/chatd/spoken"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// pageData is what the template shows.
type pageData struct {
	Language           string
	Words              words
	Style              template.CSS
	WiFi               invite.WiFi
	ChatURL            string
	JoinCode, ChatCode template.HTML
	In                 bool   // Continue was tapped
	Stays              bool   // Continue leads to the chat
	How                string // what to do next
}

// pages are all pages there are, as they are sent. They are made once: nothing
// of a request gets into one.
type pages struct {
	policy string // Content-Security-Policy
	by     map[pageKey][]byte
}

type pageKey struct {
	window   probe.Window
	in       bool
	language string
}

// newPages makes the pages. chat is the chat's address.
func newPages(wifi invite.WiFi, chat *url.URL) (*pages, error) {
	join, err := invite.SVG(wifi.Code())
	if err != nil {
		return nil, err
	}
	open, err := invite.SVG(chat.String())
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(pageCSS))
	p := &pages{
		// Continue leads to the chat, and browsers take that for a form that
		// is sent there (CSP 3, form-action).
		policy: fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; img-src data:; form-action 'self' %s://%s; base-uri 'none'; frame-ancestors 'none'",
			base64.StdEncoding.EncodeToString(sum[:]), chat.Scheme, chat.Host),
		by: make(map[pageKey][]byte),
	}
	for _, language := range spoken.Languages {
		w, err := wordsIn(language)
		if err != nil {
			return nil, err
		}
		for key, how := range map[pageKey]string{
			{probe.Done, false, language}:   w.TapDone,
			{probe.Done, true, language}:    w.InDone,
			{probe.Closes, false, language}: w.TapCloses,
			{probe.Closes, true, language}:  w.InCloses,
			{probe.Stays, false, language}:  w.TapStays,
		} {
			var b bytes.Buffer
			if err := pageTemplate.Execute(&b, pageData{
				Language: language, Words: w, Style: template.CSS(pageCSS), WiFi: wifi, ChatURL: chat.String(),
				JoinCode: template.HTML(join), ChatCode: template.HTML(open),
				In: key.in, Stays: key.window == probe.Stays, How: how,
			}); err != nil {
				return nil, err
			}
			p.by[key] = b.Bytes()
		}
	}
	return p, nil
}

// send sends the page for a window.
func (p *pages) send(w http.ResponseWriter, r *http.Request, window probe.Window, in bool) {
	language := spoken.Best(r.Header.Get("Accept-Language"))
	body := p.by[pageKey{window, in, language}]
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", language)
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}
