package probe

import "testing"

const (
	iPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
	pixel   = "Mozilla/5.0 (Linux; Android 16; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36"
	monitor = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.32 Safari/537.36"
	book    = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)

// TestProbes has each system ask, and compares the answer with the one its
// maker gives, to the byte.
func TestProbes(t *testing.T) {
	const (
		success = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
		online  = "NetworkManager is online\n"
	)
	for _, test := range []struct {
		host, path, userAgent string
		status                int
		body                  string
		window                Window
	}{
		{"captive.apple.com", "/hotspot-detect.html", "CaptiveNetworkSupport-443.120.3 wispr", 200, success + "\n", Done},
		{"captive.apple.com", "/hotspot-detect.html", iPhone, 200, success + "\n", Done},
		{"captive.apple.com", "/", iPhone, 200, success + "\n", Done},
		{"www.apple.com", "/library/test/success.html", "CaptiveNetworkSupport-443.120.3 wispr", 200, success, Done},
		{"www.ibook.info", "/xyz/abc.html", "CaptiveNetworkSupport-209.39 wispr", 200, success + "\n", Done},
		{"www.thinkdifferent.us", "/", "", 200, success + "\n", Done},
		{"never.heard.of", "/it", "CaptiveNetworkSupport-999 wispr", 200, success + "\n", Done},
		{"connectivitycheck.gstatic.com", "/generate_204", monitor, 204, "", Stays},
		{"connectivitycheck.gstatic.com", "/generate_204", pixel, 204, "", Closes},
		{"www.google.com", "/gen_204", pixel, 204, "", Closes},
		{"play.googleapis.com", "/generate_204", pixel, 204, "", Closes},
		{"clients3.google.com", "/generate_204", book, 204, "", Stays},
		{"connectivity.samsung.com.cn", "/generate_204", pixel, 204, "", Closes},
		{"connect.rom.miui.com", "/generate_204", pixel, 204, "", Closes},
		{"edge-http.microsoft.com", "/captiveportal/generate_204", "", 204, "", Stays},
		{"www.msftconnecttest.com", "/connecttest.txt", "Microsoft NCSI", 200, "Microsoft Connect Test", Stays},
		{"ipv6.msftconnecttest.com", "/connecttest.txt", "Microsoft NCSI", 200, "Microsoft Connect Test", Stays},
		{"www.msftncsi.com", "/ncsi.txt", "Microsoft NCSI", 200, "Microsoft NCSI", Stays},
		{"detectportal.firefox.com", "/success.txt", "", 200, "success\n", Stays},
		{"detectportal.firefox.com", "/canonical.html", "", 200, `<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>`, Stays},
		{"nmcheck.gnome.org", "/check_network_status.txt", "", 200, online, Closes},
		{"nmcheck.gnome.org", "/", "", 200, online, Closes},
		{"network-test.debian.org", "/nm", "", 200, online, Closes},
		{"ping.archlinux.org:80", "/nm-check.txt", "", 200, online, Closes},
		{"connectivity-check.ubuntu.com.", "/", "", 204, "", Closes},
		{"fedoraproject.org", "/static/hotspot.txt", "", 200, "OK", Closes},
		{"networkcheck.kde.org", "/", "", 200, "OK", Closes},
		{"spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html", "", 200, kindleBody, Closes},
	} {
		p, ok := Of(test.host, test.path, test.userAgent)
		if !ok || p.Answer.Status != test.status || p.Answer.Body != test.body || p.Window != test.window {
			t.Errorf("http://%s%s by %.30q: %v, %+v", test.host, test.path, test.userAgent, ok, p)
		}
		if (p.Answer.Type == "") != (test.status == 204) {
			t.Errorf("http://%s%s has the type %q", test.host, test.path, p.Answer.Type)
		}
	}
	for host, path := range map[string]string{
		"www.msftconnecttest.com": "/redirect", "www.apple.com": "/", "10.1.1.1": "/", "rabbit": "/", "example.com": "/generate_204/x", "": "",
	} {
		if p, ok := Of(host, path, iPhone); ok {
			t.Errorf("http://%s%s is taken for a probe of %s", host, path, p.System)
		}
	}
}
