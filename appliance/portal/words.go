package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"golang.org/x/text/language"
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

// languages are those that the page speaks. Whoever wants none of them gets the
// first.
var languages = []string{"en", "de", "fr", "es", "pt", "ja", "zh", "ar"}

var matcher = func() language.Matcher {
	var tags []language.Tag
	for _, name := range languages {
		tags = append(tags, language.MustParse(name))
	}
	return language.NewMatcher(tags)
}()

// maxWish bounds what is read of a header: a browser with ten languages sends
// 100 bytes.
const maxWish = 256

// languageOf returns the best of languages for an Accept-Language header.
func languageOf(accept string) string {
	if len(accept) > maxWish {
		accept = accept[:strings.LastIndexByte(accept[:maxWish], ',')+1]
	}
	tags, _, err := language.ParseAcceptLanguage(strings.TrimRight(accept, ", "))
	if err != nil {
		return languages[0]
	}
	_, i, _ := matcher.Match(tags...)
	return languages[i]
}

// wordsIn returns the words of one of languages.
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
