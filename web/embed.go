// Package web is the page: what a browser gets. Plain HTML, CSS and modules:
// there is no build step, and what is in this folder is what runs.
package web

import "embed"

// Files holds every file of the page, by its name in this folder.
//
//go:embed *.html *.css *.js *.svg
var Files embed.FS
