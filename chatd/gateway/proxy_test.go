package gateway

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/fanout/rabbitmq/node"
)

// The room works behind an HTTP/1.1 proxy that upgrades. The configurations
// are those of the README.
const (
	nginxConf = `daemon off; pid %[1]s/nginx.pid; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  server {
    listen 127.0.0.1:%[2]d;
    location / {
      proxy_pass http://%[3]s;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }
  }
}`
	haproxyConf = `defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
frontend room
  bind 127.0.0.1:%[2]d
  default_backend chatd
backend chatd
  server chatd %[3]s
`
)

func TestBehindProxies(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real proxies")
	}
	for _, proxy := range []struct {
		name, conf string
		args       func(conf string) []string
	}{
		{"nginx", nginxConf, func(c string) []string { return []string{"-c", c} }},
		{"haproxy", haproxyConf, func(c string) []string { return []string{"-f", c} }},
	} {
		t.Run(proxy.name, func(t *testing.T) {
			path, err := exec.LookPath(proxy.name)
			if err != nil {
				path = "/usr/sbin/" + proxy.name // not on every user's PATH
			}
			s := serve(t, DefaultLimits)
			dir, port := t.TempDir(), freePort(t)
			conf := filepath.Join(dir, "conf")
			if err := os.WriteFile(conf, fmt.Appendf(nil, proxy.conf, dir, port, s.Listener.Addr()), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(path, proxy.args(conf)...)
			cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				t.Fatalf("%v: `make test` installs %s", err, proxy.name)
			}
			t.Cleanup(func() {
				syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
				cmd.Wait()
			})
			through := *s
			through.url = fmt.Sprintf("http://127.0.0.1:%d", port)
			awaitPort(t, port)

			direct, _ := s.join(t, nil)
			a, w := through.join(t, map[string]any{"name": "Ada"})
			a.say("a", "through the proxy")
			if r := direct.records(1)[0]; r.From != w.You || r.Text != "through the proxy" {
				t.Errorf("got %+v", r)
			}
			plain := through.dial(t, "?name=Bob")
			plain.WriteMessage(websocket.TextMessage, []byte("me too"))
			if got := plain.text(); got != "Bob: me too" {
				t.Errorf("got %q", got)
			}
			// As a browser, with the origin it sees.
			u, _ := url.Parse(through.url)
			d := websocket.Dialer{HandshakeTimeout: waitFor}
			conn, resp, err := d.Dial("ws://"+u.Host+"/websocket", map[string][]string{"Origin": {through.url}})
			if err != nil {
				t.Fatalf("as a browser: %v %v", err, resp)
			}
			conn.Close()
			if resp := through.get(t, "/", nil); resp.StatusCode != 200 || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "ws://"+u.Host) {
				t.Errorf("the page: %v", resp)
			}
		})
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := node.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func awaitPort(t *testing.T, port int) {
	t.Helper()
	for deadline := time.Now().Add(waitFor); ; {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
