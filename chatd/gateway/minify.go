package gateway

import (
	"fmt"
	"path"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

// small returns a file of the page as it is served: without what is only for
// people who read it. That is a third of its bytes: what a guest waits for on a
// busy radio.
func small(name string, data []byte) []byte {
	m := minify.New()
	m.AddFunc(".js", js.Minify)
	m.AddFunc(".css", css.Minify)
	kind := path.Ext(name)
	if kind != ".js" && kind != ".css" {
		return data
	}
	out, err := m.Bytes(kind, data)
	if err != nil {
		panic(fmt.Errorf("%s: %w", name, err)) // it is in the binary
	}
	return out
}
