package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"warren/appliance/emulator/air/ask"
)

// requestTime is the patience of a phone with a request.
const requestTime = 20 * time.Second

// resolver asks the name server that DHCP named.
func (p *Phone) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		p.mu.Lock()
		dns := p.dns
		p.mu.Unlock()
		var d net.Dialer
		return d.DialContext(ctx, network, net.JoinHostPort(dns, "53"))
	}}
}

// Lookup asks for a name.
func (p *Phone) Lookup(l ask.Lookup, found *ask.Found) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestTime)
	defer cancel()
	begun := time.Now()
	addresses, err := p.resolver().LookupNetIP(ctx, "ip4", l.Name+".")
	for _, a := range addresses {
		found.Addresses = append(found.Addresses, a.String())
	}
	found.Took = time.Since(begun)
	if dns := new(net.DNSError); errors.As(err, &dns) && dns.IsNotFound {
		return nil
	}
	return err
}

// Request requests a page.
func (p *Phone) Request(r ask.Request, response *ask.Response) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, nil)
	if err != nil {
		return err
	}
	for key, value := range r.Header {
		req.Header.Set(key, value)
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{Resolver: p.resolver()}).DialContext}
	begun := time.Now()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	*response = ask.Response{
		Status: resp.StatusCode, Location: resp.Header.Get("Location"), Type: resp.Header.Get("Content-Type"),
		Body: string(body), Took: time.Since(begun),
	}
	return err
}

// Knock tries ports, many at a time.
func (p *Phone) Knock(k ask.Knock, knocked *ask.Knocked) error {
	begun := time.Now()
	ports := make(chan int)
	var mu sync.Mutex
	var g sync.WaitGroup
	for range 16 {
		g.Go(func() {
			for port := range ports {
				err := knock(k.Network, net.JoinHostPort(k.Host, strconv.Itoa(port)), k.Patience)
				mu.Lock()
				switch {
				case err == nil:
					knocked.Open = append(knocked.Open, port)
				case !errors.Is(err, syscall.ECONNREFUSED):
					knocked.Silent = append(knocked.Silent, port)
				}
				mu.Unlock()
			}
		})
	}
	for _, port := range k.Ports {
		ports <- port
	}
	close(ports)
	g.Wait()
	slices.Sort(knocked.Open)
	slices.Sort(knocked.Silent)
	knocked.Took = time.Since(begun)
	return nil
}

// knock returns nil if a port is open, and ECONNREFUSED if it says that it is
// not.
func knock(network, address string, patience time.Duration) error {
	conn, err := net.DialTimeout(network, address, patience)
	if err != nil {
		return err
	}
	defer conn.Close()
	if network == "tcp" {
		return nil
	}
	// What says that a port is closed is said about once a second.
	for deadline := time.Now().Add(patience); ; {
		if _, err := conn.Write([]byte("hello")); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		_, err := conn.Read(make([]byte, 64))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().After(deadline) {
			return err
		}
	}
}
