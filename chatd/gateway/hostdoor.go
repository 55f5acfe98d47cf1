package gateway

import (
	"net/http"
	"strconv"
)

// The host's door: a form that asks for the code, and needs no JavaScript; and
// behind it the host's page.

const hostDoorTemplate = "hostdoor.html"

var hostDoor = newLeaf(hostDoorTemplate)

// doorData is what the template shows.
type doorData struct {
	Title  string
	Nobody bool   // can be the host here
	Notice string // what was wrong with the last try
}

// hostFile is the page that hosts get.
const hostFile = "/host.html"

// maxCodeForm holds the longest code, each byte as %XX, and room to spare.
const maxCodeForm = 1 << 10

func (g *Gateway) hostPage(w http.ResponseWriter, r *http.Request) {
	switch {
	case g.hostKey == nil:
		g.showDoor(w, r, http.StatusNotFound, "")
	case !g.isHost(r):
		g.showDoor(w, r, http.StatusOK, "")
	default:
		g.page.serve(w, r, hostFile)
	}
}

func (g *Gateway) hostEnter(w http.ResponseWriter, r *http.Request) {
	if g.hostKey == nil {
		g.showDoor(w, r, http.StatusNotFound, "")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxCodeForm)
	var code string // none, if the form cannot be read: that is a wrong one
	if r.ParseForm() == nil {
		code = r.PostForm.Get("code")
	}
	opens, wait := g.guesses.try(g.hostKey, addressOf(r.RemoteAddr), code)
	if wait > 0 {
		refusals.WithLabelValues("slow_down").Inc()
		w.Header().Set("Retry-After", strconv.Itoa(seconds(wait)))
		g.showDoor(w, r, http.StatusTooManyRequests, wordsFor(r).say("wait", seconds(wait)))
		return
	}
	if !opens {
		refusals.WithLabelValues("host_code").Inc()
		g.showDoor(w, r, http.StatusForbidden, wordsFor(r).say("wrong_code"))
		return
	}
	setHostCookie(w, g.hostKey.proof(), hostAge)
	http.Redirect(w, r, "/host", http.StatusSeeOther)
}

func (g *Gateway) hostLeave(w http.ResponseWriter, r *http.Request) {
	setHostCookie(w, "", -1)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (g *Gateway) showDoor(w http.ResponseWriter, r *http.Request, status int, notice string) {
	g.show(w, r, hostDoor, status, doorData{g.title(), g.hostKey == nil, notice})
}
