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
	"slices"
	"strings"

	"warren/web"
)

// page serves the files of the page. They are compressed once: what a guest
// waits for on a busy radio is bytes.
type page struct {
	assets  map[string]asset // by path
	modules string           // a Link header that names all modules
}

type asset struct {
	mime  string
	etag  string
	plain []byte
	gzip  []byte
}

// templates are the files that are not served as they are.
var templates = []string{basicTemplate, statusTemplate, posterTemplate}

func newPage() page {
	p := page{assets: make(map[string]asset)}
	var links []string
	err := fs.WalkDir(web.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".go" || slices.Contains(templates, name) {
			return err
		}
		data, err := fs.ReadFile(web.Files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		var packed bytes.Buffer
		zip, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is valid
		zip.Write(data)
		zip.Close()
		p.assets["/"+name] = asset{mimeOf(name), `"` + hex.EncodeToString(sum[:8]) + `"`, data, packed.Bytes()}
		if path.Ext(name) == ".js" && name != oldBrowsers {
			links = append(links, "</"+name+">; rel=modulepreload")
		}
		return nil
	})
	if err != nil {
		panic(err) // the files are in the binary
	}
	p.assets["/"] = p.assets["/index.html"]
	p.modules = strings.Join(links, ", ")
	return p
}

// oldBrowsers is the one script that is no module: browsers that know modules
// do not fetch it.
const oldBrowsers = "nomodule.js"

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

// ServeHTTP implements http.Handler. A browser asks again each time whether a
// file has changed: after an update of the card, it has.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := p.assets[r.URL.Path]
	if !ok {
		http.Error(w, "There is nothing here. The room is at /.", http.StatusNotFound)
		return
	}
	h := w.Header()
	if r.URL.Path == "/" {
		// Without this a browser finds the modules one import after another,
		// four round trips deep (HTML standard, link type "modulepreload").
		h.Set("Link", p.modules)
	}
	h.Set("ETag", a.etag)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == a.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", a.mime)
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		w.Write(a.gzip)
		return
	}
	w.Write(a.plain)
}
