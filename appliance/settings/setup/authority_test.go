package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/appliance/settings"
)

// authority is a certificate of an authority that nobody has the key of.
const authority = `-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIUeAHoQxumR34OQeTx/Q0sfgka810wCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHb3VyIG93bjAgFw0yNjExMzAwODQzMzJaGA8yMTI2MTEwNjA4
NDMzMlowEjEQMA4GA1UEAwwHb3VyIG93bjBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABPdQxqGqS3OuCrt2ZgeGU/2fll4Z7yc65035P/+BOBHkAaWgasZednwFs9Fh
pbJFhbtqCulenFs44h1aJfDZTg+jUzBRMB0GA1UdDgQWBBQPHze3qoCUGy/xUKs7
0XpKLyXNsjAfBgNVHSMEGDAWgBQPHze3qoCUGy/xUKs70XpKLyXNsjAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIGsB9Y2yzdB7+mzTydpK4w0erqZL
Q07ZpfVjF3qGKSZbAiEAjN8DlHmdYpSWz9W62nq4TTbJ4PAMuqFZz9+XSpA7dFE=
-----END CERTIFICATE-----
`

// The file of the authority is passed on; one that cannot be used is a mistake that
// names it, and the room opens without it.
func TestTellAuthority(t *testing.T) {
	for name, test := range map[string]struct {
		file  string
		err   error
		wrong string
	}{
		"good":    {authority, nil, ""},
		"missing": {"", fs.ErrNotExist, `warren.toml: ca = "our.pem": there is no such file beside warren.toml`},
		"broken":  {"", errors.New("bad sector"), `warren.toml: ca = "our.pem": the file cannot be read: bad sector`},
		"no PEM":  {"hello", nil, `warren.toml: ca = "our.pem": there is no certificate in it`},
		"a key":   {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", nil, `warren.toml: ca = "our.pem": there is a "PRIVATE KEY" in it`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			s := settings.Settings{Broker: settings.Broker{CA: "our.pem"}}
			m := tellAuthority(&s, dir, func(name string) ([]byte, error) {
				if name != "our.pem" {
					t.Errorf("the file %q is read", name)
				}
				return []byte(test.file), test.err
			})
			if test.wrong == "" {
				passed, err := os.ReadFile(s.Broker.CA)
				if m != nil || err != nil || string(passed) != test.file || s.Broker.CA != filepath.Join(dir, authorityName) {
					t.Errorf("%v; %q is %q, %v", m, s.Broker.CA, passed, err)
				}
				return
			}
			if m == nil || !strings.HasPrefix(m.Error(), test.wrong) || s.Broker.CA != "" {
				t.Errorf("%v, %q", m, s.Broker.CA)
			}
		})
	}
	s := settings.Default()
	if m := tellAuthority(&s, t.TempDir(), nil); m != nil {
		t.Errorf("without the setting: %v", m)
	}
}
