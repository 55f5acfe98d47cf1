package gateway

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"

	"warren/chatd/spoken"
	"warren/web"
)

// What the pages say that the server makes itself: those without JavaScript.

//go:embed words/*.json
var wordFiles embed.FS

// words are the sentences of one language, by key: a file of words/.
type words map[string]string

var wordsIn = func() map[string]words {
	all := make(map[string]words)
	for _, name := range spoken.Languages {
		var w words
		data, err := wordFiles.ReadFile(path.Join("words", name+".json"))
		if err == nil {
			err = json.Unmarshal(data, &w)
		}
		if err != nil {
			panic(err) // the files are in the binary
		}
		all[name] = w
	}
	return all
}()

// wordsFor returns the words for whoever asks.
func wordsFor(r *http.Request) words { return wordsIn[languageOf(r)] }

// say returns a sentence, with args in the places of its verbs, as fmt has them.
func (w words) say(key string, args ...any) string {
	if len(args) == 0 {
		return w[key]
	}
	return fmt.Sprintf(w[key], args...)
}

// why says why something was refused. What has no words here is in English.
func (w words) why(r *refusal) string {
	if s, ok := w["why_"+r.why]; ok {
		return s
	}
	return r.text
}

// leaf is a page that the server makes itself, in each language. Its template
// says a sentence with {{say "key"}}.
type leaf map[string]*template.Template

func newLeaf(file string) leaf {
	l := make(leaf)
	for _, name := range spoken.Languages {
		t := template.New(file).Funcs(template.FuncMap{"say": wordsIn[name].say})
		l[name] = template.Must(t.ParseFS(web.Files, file))
	}
	return l
}

// show sends a leaf in the reader's language. It is not kept: what it tells is
// true now, or secret.
func (g *Gateway) show(w http.ResponseWriter, r *http.Request, l leaf, status int, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	page := l[languageOf(r)]
	if err := page.Execute(w, data); err != nil {
		g.Log.Debug("A page was not sent whole", "page", page.Name(), "err", err)
	}
}
