// Package protocol is what a card and the sender of an update say to each other,
// over HTTP on Port:
//
//	GET /       answers with a Status: what runs, what became of the last
//	            update, and a Challenge
//	PUT /root   takes a root file system, announced in the headers with a proof
//	            that the sender knows the host's code, and answers when it is on
//	            the card and checked; then the card restarts for the trial
//
// An error is answered with a sentence in plain text and one of these:
//
//	400  a header is missing or wrong
//	401  the code is wrong, or the challenge is: too old, used, not of this start
//	403  the card has no host code: nobody can update it; or a page from elsewhere asks
//	408  nothing came for too long
//	409  another update is being sent, or one is on trial
//	411  the length is not announced
//	413  it does not fit
//	421  the Host header is a name that is not the card's own: an address always is,
//	     and so is Host
//	422  what came is not what was announced, or no system for this card
//	429  too many wrong codes
//	500  the card could not write it
//	503  the card has not read its settings yet
package protocol

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"warren/appliance/update/trial"
)

// Port is where a card takes updates.
const Port = 8082

// Host is what a sender writes into the Host header: a router may give the card any
// name, of which the card knows nothing.
const Host = "warren"

// Status is how a card is.
type Status struct {
	Version   string     `json:"version"` // what runs: a commit and Go's version
	Root      trial.Root `json:"root"`    // from which root file system
	OnTrial   bool       `json:"on_trial"`
	Receiving bool       `json:"receiving"` // an update is being sent, or to be tried

	// Last is the last update, if there was one.
	Last *trial.Record `json:"last,omitempty"`

	// Challenge is there in an answer, and not in the file update.state, with
	// which the daemon tells the others.
	Challenge *Challenge `json:"challenge,omitempty"`
}

// Announcement says what will be sent.
type Announcement struct {
	Nonce  string        // from a Challenge
	SHA256 [32]byte      // of the root file system
	Length int64         // in bytes
	Trial  time.Duration // the time of its trial, in whole seconds
}

// The headers of an announcement. Its length is the request's Content-Length.
const (
	nonceHeader  = "Warren-Nonce"
	sha256Header = "Warren-Sha256"
	trialHeader  = "Warren-Trial"
	proofHeader  = "Warren-Proof"
)

// Set puts the announcement into the headers of a request, with the proof.
func (a Announcement) Set(h http.Header, key Key) {
	h.Set(nonceHeader, a.Nonce)
	h.Set(sha256Header, hex.EncodeToString(a.SHA256[:]))
	h.Set(trialHeader, strconv.Itoa(int(a.Trial/time.Second)))
	h.Set(proofHeader, hex.EncodeToString(key.Prove(a)))
}

// Announced reads what Set has put there. Nothing in it is to be believed before
// the proof is: see Key.Proves.
func Announced(r *http.Request) (a Announcement, proof []byte, err error) {
	h := r.Header
	a.Nonce, a.Length = h.Get(nonceHeader), r.ContentLength
	sum, err := hex.DecodeString(h.Get(sha256Header))
	if err != nil || len(sum) != len(a.SHA256) {
		return a, nil, fmt.Errorf("%s must be the SHA-256 of the root file system, in hex", sha256Header)
	}
	a.SHA256 = [32]byte(sum)
	seconds, err := strconv.Atoi(h.Get(trialHeader))
	least, most := int(trial.LeastTime/time.Second), int(trial.MostTime/time.Second)
	if err != nil || seconds < least || seconds > most {
		return a, nil, fmt.Errorf("%s must be a number of seconds from %d to %d", trialHeader, least, most)
	}
	a.Trial = time.Duration(seconds) * time.Second
	if proof, err = hex.DecodeString(h.Get(proofHeader)); err != nil {
		return a, nil, errors.New(proofHeader + " must be in hex")
	}
	return a, proof, nil
}
