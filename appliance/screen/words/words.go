// Package words are what the screen says, in the languages that the pages speak.
package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"

	"warren/chatd/spoken"
)

// Words are those of one language: a file of this folder.
type Words struct {
	WiFi     string `json:"wifi"`
	Name     string `json:"name"`
	Password string `json:"password"`
	Open     string `json:"open"`
	Chat     string `json:"chat"`
	Cable    string `json:"cable"`
	Here     string `json:"here"` // with one number
	OpenRoom string `json:"open_room"`
	Warming  string `json:"warming"`
	Resting  string `json:"resting"`
	Offline  string `json:"offline"`
	Quiet    string `json:"quiet"`
	Closed   string `json:"closed"`
	Edited   string `json:"edited"`
	Picture  string `json:"picture"`
	Ends     string `json:"ends"`
}

//go:embed *.json
var files embed.FS

// In returns the words of one of spoken.Languages.
func In(language string) (Words, error) {
	data, err := files.ReadFile(path.Join(".", language+".json"))
	if err != nil {
		return Words{}, fmt.Errorf("the screen does not speak %.20q: it must be one of %v", language, spoken.Languages)
	}
	var w Words
	if err := json.Unmarshal(data, &w); err != nil {
		panic(err) // the files are in the binary
	}
	return w, nil
}
