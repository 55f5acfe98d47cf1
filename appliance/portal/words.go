package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

// words are what the page says, in one language: a file of words/.
type words struct {
	Welcome   string `json:"welcome"`
	Address   string `json:"address"`
	TapDone   string `json:"tap_done"`
	TapCloses string `json:"tap_closes"`
	TapStays  string `json:"tap_stays"`
	Continue  string `json:"continue"`
	Open      string `json:"open"`
	In        string `json:"in"`
	InDone    string `json:"in_done"`
	InCloses  string `json:"in_closes"`
	Stay      string `json:"stay"`
	Invite    string `json:"invite"`
	Join      string `json:"join"`
	Password  string `json:"password"`
	Chat      string `json:"chat"`
}

//go:embed words/*.json
var wordFiles embed.FS

// wordsIn returns the words of one of spoken.Languages.
func wordsIn(name string) (w words, err error) {
	data, err := wordFiles.ReadFile(path.Join("words", name+".json"))
	if err != nil {
		return w, err
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return w, fmt.Errorf("words/%s.json: %w", name, err)
	}
	return w, nil
}
