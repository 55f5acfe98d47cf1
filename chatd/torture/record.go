package main

import (
	"encoding/json"
	"strings"
)

// Types of records that are judged.
const (
	message  = "message"
	reaction = "reaction"
	edit     = "edit"
	del      = "delete"
	hide     = "hide"
	wipe     = "clear"
)

// A Record is one of the log, as it stands there.
type Record struct {
	Offset int64
	ID     string // AMQP message_id
	Type   string
	App    string
	Boot   string // empty: no stamp
	UpMS   int64
	Body   Body
	Bad    bool // it cannot be read
}

// Body is that of any record: the fields of all types.
type Body struct {
	From, By, Who Person
	Text          string
	To            int64
	Of            *int64
	Emoji         string
	Undo, Off     bool
	Shadow, Host  bool
	Seconds       int
	Words         []string
	Title, Notice string
}

// Person is somebody in a body.
type Person struct{ ID, Name string }

// plainApp is who an AMQP client is that does not say.
const plainApp = "AMQP"

// newRecord reads what stands in the log.
func newRecord(offset int64, id, kind, contentType, app, boot string, upMS int64, body []byte) Record {
	r := Record{Offset: offset, ID: id, Type: kind, App: app, Boot: boot, UpMS: upMS}
	if contentType == "" || strings.HasPrefix(contentType, "text/plain") {
		r.Type = message
		r.Body = Body{From: Person{Name: app}, Text: string(body)}
		if app == "" {
			r.Body.From.Name = plainApp
		}
		r.Bad = strings.TrimSpace(r.Body.Text) == ""
		return r
	}
	r.Bad = json.Unmarshal(body, &r.Body) != nil
	return r
}

// sender is whose id the record's is.
func (r *Record) sender() string {
	switch {
	case r.Body.From.ID != "":
		return r.Body.From.ID
	case r.Body.By.ID != "":
		return r.Body.By.ID
	}
	return "app " + r.App
}
