package gateway

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"warren/chatd/spoken"
	"warren/web"
)

// page serves the files of the page. They are made small and compressed once: what
// a guest waits for on a busy radio is bytes.
type page struct {
	assets map[string]asset // by path
	words  map[string]asset // the same file of each language
}

type asset struct {
	mime    string
	hash    string
	plain   []byte
	gzip    []byte
	modules string // of an HTML file: a Link header that names its modules
}

// templates are the files that are not served as they are.
var templates = []string{basicTemplate, statusTemplate, posterTemplate, hostDoorTemplate, wallTemplate}

// thePage is made once in a process, however many gateways there are in it: its
// files are in the binary.
var thePage = sync.OnceValue(func() page {
	p := page{assets: make(map[string]asset), words: make(map[string]asset)}
	err := fs.WalkDir(web.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".go" || slices.Contains(templates, name) {
			return err
		}
		a := newAsset(name)
		if dir, file := path.Split(name); dir == stringsFolder+"/" {
			p.words[strings.TrimSuffix(file, ".js")] = a
		} else {
			p.assets["/"+name] = a
		}
		return nil
	})
	if err != nil {
		panic(err) // the files are in the binary
	}
	p.assets["/"] = p.assets["/index.html"]
	return p
})

func newAsset(name string) asset {
	source := fileOf(name)
	data := small(name, source)
	sum := sha256.Sum256(data)
	var packed bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is valid
	zip.Write(data)
	zip.Close()
	a := asset{mime: mimeOf(name), hash: hex.EncodeToString(sum[:8]), plain: data, gzip: packed.Bytes()}
	if path.Ext(name) == ".html" {
		var links []string
		for _, module := range modulesOf(source) {
			links = append(links, "<"+module+">; rel=modulepreload")
		}
		a.modules = strings.Join(links, ", ")
	}
	return a
}

// fileOf returns a file of the page.
func fileOf(name string) []byte {
	data, err := fs.ReadFile(web.Files, name)
	if err != nil {
		panic(err) // it is in the binary
	}
	return data
}

// naming is how HTML and modules name a module.
var naming = regexp.MustCompile(`(?:<script type="module" src="|from '\.?)(/[\w-]+\.js)['"]`)

// modulesOf returns the modules that an HTML file needs.
func modulesOf(html []byte) (modules []string) {
	for files := [][]byte{html}; len(files) > 0; files = files[1:] {
		for _, match := range naming.FindAllSubmatch(files[0], -1) {
			module := string(match[1])
			if slices.Contains(modules, module) {
				continue
			}
			modules = append(modules, module)
			if module == stringsModule {
				module = stringsIn(spoken.Languages[0])
			}
			files = append(files, fileOf(strings.TrimPrefix(module, "/")))
		}
	}
	return modules
}

// mimeOf does not leave the types to the machine: its table may be wrong or
// missing, and a browser refuses a module that is not JavaScript.
func mimeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// ServeHTTP implements http.Handler.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.serve(w, r, r.URL.Path) }

// serve answers with the file at a path. A browser asks again each time whether
// it has changed: after an update of the card, it has.
func (p page) serve(w http.ResponseWriter, r *http.Request, path string) {
	h := w.Header()
	a, ok := p.assets[path]
	h.Set("Vary", "Accept-Encoding")
	if path == stringsModule {
		a, ok = p.words[languageOf(r)]
		h.Set("Vary", "Accept-Encoding, Accept-Language")
	}
	if !ok {
		http.Error(w, "There is nothing here. The room is at /.", http.StatusNotFound)
		return
	}
	if a.modules != "" {
		// Without this a browser finds the modules one import after another,
		// four round trips deep (HTML standard, link type "modulepreload").
		h.Set("Link", a.modules)
	}
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Type", a.mime)
	data, etag := a.plain, a.hash
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		// Other bytes, so another tag (RFC 9110, section 8.8.3.3).
		data, etag = a.gzip, a.hash+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
