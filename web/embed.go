// Package web is the page: what a browser gets. Plain HTML, CSS and modules, and
// no build step: chatd leaves out comments and spaces when it starts, and that
// is all that differs from what is in this folder.
package web

import "embed"

// Files holds every file of the page, by its name in this folder.
//
//go:embed *.html *.css *.js *.svg strings/*.js
var Files embed.FS
