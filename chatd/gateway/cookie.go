package gateway

import (
	"encoding/base64"
	"net/http"

	"warren/chatd/chat"
)

// cookieAge is how long a guest without JavaScript is known, in seconds: as
// long as browsers keep any cookie.
const cookieAge = 400 * 24 * 3600

func setCookie(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/basic", MaxAge: cookieAge, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// encodeName makes a name fit for a cookie, which holds ASCII only.
func encodeName(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func cookieName(value string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return "", err
	}
	return chat.CleanName(string(b))
}
