package chat

import (
	"cmp"
	"encoding/json"
)

// Key is what makes two records one that was published twice.
type Key struct {
	Type   string
	Sender string // a person's id; "app " and the app_id if it is nobody's
	ID     string
}

// Key returns r's key. Of r's body it reads the sender only if the record does not say who
// that is: it is of an older version, or of an AMQP client that writes JSON.
func (r Record) Key() Key {
	sender := r.Sender
	if sender == "" && r.ContentType == ContentJSON && r.Type != TypeSnapshot && r.Type != TypeEpoch {
		var body struct {
			From, By struct {
				ID string `json:"id"`
			}
		}
		if json.Unmarshal(r.Body, &body) == nil {
			sender = cmp.Or(body.From.ID, body.By.ID)
		}
	}
	if sender == "" {
		sender = "app " + r.App
	}
	return Key{r.Type, sender, r.ID}
}
