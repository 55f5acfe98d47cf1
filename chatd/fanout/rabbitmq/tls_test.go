package rabbitmq

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/rabbitmq/node"
)

// certificates makes an authority and a certificate for 127.0.0.1, valid for the two
// hours around now, as files in dir.
func certificates(t *testing.T, dir string) (authority, cert, key string) {
	t.Helper()
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "our own"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "broker"}, NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &leafKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	return write("ca.pem", "CERTIFICATE", caDER), write("cert.pem", "CERTIFICATE", leafDER), write("key.pem", "PRIVATE KEY", keyDER)
}

// A RabbitMQ with TLS and an authority of one's own, and a machine whose clock
// begins in 1970: it is reached; and where it must not be, the host reads why.
func TestTLS(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out RabbitMQ")
	}
	authority, cert, key := certificates(t, t.TempDir())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	n, err := node.Start(t.Context(), node.Options{Config: []string{
		"listeners.ssl.1 = " + addr, "ssl_options.cacertfile = " + authority, "ssl_options.certfile = " + cert, "ssl_options.keyfile = " + key,
		"ssl_options.verify = verify_none", "ssl_options.fail_if_no_peer_cert = false",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	u, err := url.Parse(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.Scheme, u.Host = "amqps", addr
	plain := u.String()
	u.RawQuery = url.Values{"cacertfile": {authority}}.Encode()
	ours := u.String()
	u.Host = strings.Replace(addr, "127.0.0.1", "localhost", 1)
	named := u.String()
	none := filepath.Join(t.TempDir(), "none.pem")
	u.Host, u.RawQuery = addr, url.Values{"cacertfile": {none}}.Encode()
	missing := u.String()

	today := time.Now()
	realNow, realMade := now, made
	t.Cleanup(func() { now, made = realNow, realMade })
	for name, test := range map[string]struct {
		url         string
		clock, made time.Time
		why         string // "": it is reached
	}{
		"a right clock":                {ours, today, today.AddDate(0, -1, 0), ""},
		"1970":                         {ours, time.Unix(0, 0), today, ""},
		"1970, an image from long ago": {ours, time.Unix(0, 0), today.AddDate(-2, 0, 0), ""},
		"expired":                      {ours, today.AddDate(1, 0, 0), today, "The broker's certificate has expired on "},
		"1970, expired":                {ours, time.Unix(0, 0), today.AddDate(1, 0, 0), "The broker's certificate has expired on "},
		"a clock that is behind":       {ours, today.AddDate(-1, 0, 0), today.AddDate(-2, 0, 0), "is valid from "},
		"nobody's authority":           {plain, today, today, "name its file by ca, below [broker] in warren.toml"},
		"1970, nobody's authority":     {plain, time.Unix(0, 0), today, "name its file by ca, below [broker] in warren.toml"},
		"another name":                 {named, today, today, "is for another name than localhost"},
		"1970, another name":           {named, time.Unix(0, 0), today, "is for another name than localhost"},
		"no file":                      {missing, today, today, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			now, made = func() time.Time { return test.clock }, func() time.Time { return test.made }
			x, err := New(test.url, Options{Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			told := make(chan string, 100)
			done := make(chan error, 1)
			go func() { done <- x.Run(ctx, 10, states(told)) }()
			if state := <-told; test.why == "" && state != "up " || !strings.Contains(state, test.why) {
				t.Errorf("it says %q", state)
			}
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// states is a handler that passes on the state and why.
type states chan string

func (s states) Reset(string, *chat.Record) bool      { return true }
func (s states) Asked(string) []byte                  { return nil }
func (s states) Deliver([]chat.Record)                {}
func (s states) Whispered([]byte)                     {}
func (s states) State(state fanout.State, why string) { s <- state.String() + " " + why }

func TestAuthorities(t *testing.T) {
	authority, cert, key := certificates(t, t.TempDir())
	read := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, test := range map[string]struct{ file, wrong string }{
		"one":       {read(authority), ""},
		"two":       {"# ours\n" + read(authority) + read(cert), ""},
		"empty":     {"", "there is no certificate in it"},
		"no PEM":    {"\x00\x01binary", "there is no certificate in it"},
		"a key":     {read(key), `there is a "PRIVATE KEY" in it`},
		"half":      {read(authority)[:100], "there is no certificate in it"},
		"not whole": {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is damaged"},
	} {
		all, err := Authorities([]byte(test.file))
		if test.wrong == "" && (err != nil || len(all) == 0) || test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
			t.Errorf("%s: %d, %v", name, len(all), err)
		}
	}
}
