package settings

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestCountries(t *testing.T) {
	n := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if isCountry(string([]rune{a, b})) {
				n++
			}
		}
	}
	if n != 249 {
		t.Errorf("%d countries: ISO 3166-1 has 249", n)
	}
	for _, code := range strings.Fields(only11 + " DE GB GR TW AX SS") {
		if !isCountry(code) {
			t.Errorf("%s is a country", code)
		}
	}
	for _, code := range []string{"", "D", "de", "DEU", "276", "EU", "UK", "XK", "ZZ", "00", "YU", "SU", "CS", "DD", "N ", "É"} {
		if isCountry(code) {
			t.Errorf("%q is no country", code)
		}
	}
}

func TestCheckFindsEachMistake(t *testing.T) {
	for _, k := range keys {
		s := Default()
		if k.text != nil {
			*k.text(&s) = "\x00"
		} else {
			*k.number(&s) = k.most + 1
		}
		if s.check() == nil {
			t.Errorf("%s: %#v passes", k.name, s)
		}
	}
	s := Default()
	if s.WiFi.Channel = 13; s.check() == nil {
		t.Error("channel 13 without a country passes")
	}
}

// However settings are written somewhere, their secrets are not.
func TestSecretsAreNotShown(t *testing.T) {
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("the settings", "settings", base)
	for _, shown := range []string{base.String(), fmt.Sprint(base), fmt.Sprintf("%+v %s", base, &base), log.String()} {
		if strings.Contains(shown, "base-code") || strings.Contains(shown, "passphrase of") || strings.Contains(shown, "base passphrase") || strings.Contains(shown, "amqp") {
			t.Error(shown)
		}
	}
	want := `room.title="Base" room.host_code=(secret) room.keep_mb=100 wifi.name="base" wifi.passphrase=(secret) ` +
		`wifi.country="DE" wifi.channel=13 wifi.interface="eth0" led.light="GPIO17" screen.show="join" screen.language="de" broker.url=(secret) update.from="anywhere" card.data_gb=32`
	if got := base.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A secret in its place, in whatever way it is wrong, is in no mistake.
func TestNoSecretInMistakes(t *testing.T) {
	const secret = "hunter7"
	for _, k := range keys {
		if !k.secret {
			continue
		}
		for _, name := range []string{k.name, k.name + "s", strings.ToUpper(k.name), "x" + k.name, "word"} {
			for _, value := range []string{
				`"` + secret + ` "`, `"` + secret + "\x7f\"", `"` + secret, secret, `'` + secret + `'x`, `“` + secret + `”`,
				`["` + secret + `"]`, `{` + secret + ` = 1}`, `"""` + "\n" + secret, "\"" + secret + "\xff\"", `"\` + secret + `"`, `0` + secret,
				`"é` + secret + `"`, `"amqp://a:` + secret + `/@b:c/"`, `"amqp://a:` + secret + `@:1"`,
				`"` + secret + "\"\n" + k.name + ` = "` + secret + `"`,
			} {
				for _, section := range append([]string{"room]\n[room", "wfi", "a"}, sections...) {
					file := fmt.Sprintf("[%s]\n%s = %s\n", section, name, value)
					_, mistakes := Parse([]byte(file), base)
					for _, m := range mistakes {
						if s := fmt.Sprintf("%#v %v", m, m); strings.Contains(s, secret) {
							t.Errorf("%s\n%s", file, s)
						}
					}
				}
			}
		}
	}
}
