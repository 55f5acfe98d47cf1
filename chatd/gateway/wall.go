package gateway

import "net/http"

// The page for a projector. How to come in stands in it, codes and words, before
// any script runs: it is there whatever happens to the line.

const wallTemplate = "wall.html"

var wall = newLeaf(wallTemplate)

func (g *Gateway) wall(w http.ResponseWriter, r *http.Request) { g.invite(w, r, wall) }
