package rabbitmq

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A Pi has no clock: it begins in 1970, when no certificate was valid yet. So the
// time for looking at certificates is never before this program was made. A clock
// that is before that is not set; then the time is the later one of that and the
// day from which on the certificates are valid. What is given up is "not yet", with
// which nobody gets in; one that had expired when the program was made is refused.

// now and made are a machine's time, and when this program was made; they differ in
// tests.
var (
	now  = time.Now
	made = func() time.Time {
		path, err := os.Executable()
		if err != nil {
			return time.Time{}
		}
		info, err := os.Stat(path)
		if err != nil {
			return time.Time{}
		}
		return info.ModTime()
	}
)

// tlsConfig returns how a broker's certificate is looked at; nil: the URL is not
// amqps. Its authority is one of the file that the URL names (cacertfile, as in
// https://www.rabbitmq.com/docs/uri-query-parameters), or else of the system's.
func tlsConfig(uri amqp.URI) (*tls.Config, error) {
	if uri.Scheme != "amqps" {
		return nil, nil
	}
	config := &tls.Config{ServerName: uri.Host, MinVersion: tls.VersionTLS12, Time: now}
	if uri.ServerName != "" {
		config.ServerName = uri.ServerName
	}
	if uri.CertFile != "" || uri.KeyFile != "" {
		cert, err := tls.LoadX509KeyPair(uri.CertFile, uri.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("the certificate for the broker cannot be read: %w", err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	var authorities []*x509.Certificate
	if uri.CACertFile != "" {
		data, err := os.ReadFile(uri.CACertFile)
		if err == nil {
			authorities, err = Authorities(data)
		}
		if err != nil {
			return nil, &authorityError{err}
		}
		config.RootCAs = x509.NewCertPool()
		for _, cert := range authorities {
			config.RootCAs.AddCert(cert)
		}
	}
	made := made()
	if !now().Before(made) {
		return config, nil
	}
	// Go looks at the time before it shows the certificates, so all of its checks are
	// made here.
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(s tls.ConnectionState) error {
		at := made
		for _, cert := range append(s.PeerCertificates, authorities...) {
			if cert.NotBefore.After(at) {
				at = cert.NotBefore
			}
		}
		between := x509.NewCertPool()
		for _, cert := range s.PeerCertificates[1:] {
			between.AddCert(cert)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{
			DNSName: s.ServerName, Roots: config.RootCAs, Intermediates: between, CurrentTime: at,
		})
		return err
	}
	return config, nil
}

// Authorities returns the certificates in a file in PEM (RFC 7468), at least one. The
// error says what is wrong with the file.
func Authorities(file []byte) (all []*x509.Certificate, err error) {
	for len(file) > 0 {
		var block *pem.Block
		if block, file = pem.Decode(file); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("there is a %.40q in it: it must hold certificates only, and no key", block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("a certificate in it is damaged: copy the file again")
		}
		all = append(all, cert)
	}
	if all == nil {
		return nil, errors.New("there is no certificate in it: it must be text with a line -----BEGIN CERTIFICATE-----")
	}
	return all, nil
}

// authorityError is about the file of authorities.
type authorityError struct{ error }

// explainTLS says what is wrong with a broker's certificate; empty: err is not about
// one.
func explainTLS(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var file *authorityError
	switch {
	case errors.As(err, &file):
		return "the file of the authority for the broker's certificate cannot be used: " + file.Error()
	case errors.As(err, &unknown):
		return "the broker's certificate is by an authority that this machine does not know: if it is your own, name its file by ca, below [broker] in warren.toml (elsewhere by ?cacertfile=/path at the end of the broker's URL)"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && now().Before(invalid.Cert.NotBefore) && !now().Before(made()):
		return fmt.Sprintf("the broker's certificate is valid from %s on only: give it another one, or set this machine's clock", invalid.Cert.NotBefore.UTC().Format(time.DateOnly))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the broker's certificate has expired on %s: give the broker a new one", invalid.Cert.NotAfter.UTC().Format(time.DateOnly))
	case errors.As(err, &name):
		return "the broker's certificate is for another name than " + name.Host + ": mend the broker's URL, or give the broker a certificate with this name"
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) || errors.As(err, &invalid) {
		return "the broker's certificate cannot be trusted: " + err.Error()
	}
	return ""
}
