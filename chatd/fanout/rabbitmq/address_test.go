package rabbitmq

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddressInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "url")
	address := "file:" + path
	if err := CheckURL(address); err != nil {
		t.Error(err)
	}
	if _, err := resolve(address); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("without the file: %v", err)
	}
	for content, want := range map[string]string{
		"amqp://u:p@localhost:1/\n":  "amqp://u:p@localhost:1/",
		"http://u:s3cret@localhost/": "",
		"":                           "",
		"file:/etc/passwd":           "",
	} {
		os.WriteFile(path, []byte(content), 0o600)
		all, err := resolve(address)
		url := ""
		if len(all) == 1 {
			url = all[0].url
		}
		if url != want || (err == nil) != (want != "") {
			t.Errorf("%q gives %q, %v", content, url, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error gives the password away: %v", err)
		}
	}
	if err := CheckURL("file:"); err == nil {
		t.Error("no file is no error")
	}
}

// The daemons of a card start before the broker has a password.
func TestURLComesLater(t *testing.T) {
	url := broker(t)
	path := filepath.Join(t.TempDir(), "url")
	x := open(t, "file:"+path, Options{suffix: newSuffix()})
	publish(t, x, say("a", "early"))
	e, _ := run(t, x, 10)
	if err := os.WriteFile(path, []byte(url+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e.Wait("the message", func() bool { return len(texts(e.Recs)) == 1 })
}
