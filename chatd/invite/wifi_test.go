package invite

import "testing"

func TestWiFiCode(t *testing.T) {
	for _, test := range []struct{ name, passphrase, want string }{
		{"rabbit", "carrotcarrot", `WIFI:T:WPA;S:rabbit;P:carrotcarrot;;`},
		{"rabbit", "", `WIFI:T:nopass;S:rabbit;;`},
		{`a;b`, `;;;;;;;;`, `WIFI:T:WPA;S:a\;b;P:\;\;\;\;\;\;\;\;;;`},
		{`a,b`, `1,234,567`, `WIFI:T:WPA;S:a\,b;P:1\,234\,567;;`},
		{`a:b`, `T:nopass;`, `WIFI:T:WPA;S:a\:b;P:T\:nopass\;;;`},
		{`"a"`, `"password"`, `WIFI:T:WPA;S:\"a\";P:\"password\";;`},
		{`a\b`, `ends with \`, `WIFI:T:WPA;S:a\\b;P:ends with \\;;`},
		{`\;`, ``, `WIFI:T:nopass;S:\\\;;;`},
		{"Kaninchenbau 🥕", "12345678", "WIFI:T:WPA;S:Kaninchenbau 🥕;P:12345678;;"},
		{"CAFE", "DEADBEEF", "WIFI:T:WPA;S:CAFE;P:DEADBEEF;;"},
	} {
		if got := (WiFi{test.name, test.passphrase}).Code(); got != test.want {
			t.Errorf("%q, %q: %s, want %s", test.name, test.passphrase, got, test.want)
		}
	}
}
