package gateway

import (
	"net/http"
	"path"

	"warren/chatd/spoken"
)

// The page is in the language that its reader's browser asks for. All that
// differs is one module, the words: /strings.js is the file of that language.

const (
	stringsModule = "/strings.js"
	stringsFolder = "strings"
)

// languageOf returns the language that fits a request's Accept-Language header
// best.
func languageOf(r *http.Request) string { return spoken.Best(r.Header.Get("Accept-Language")) }

// stringsIn returns the file of a language's words.
func stringsIn(name string) string { return path.Join(stringsFolder, name+".js") }
