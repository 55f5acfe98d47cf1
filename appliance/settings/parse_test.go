package settings

import (
	"fmt"
	"strings"
	"testing"
)

// base differs from the defaults in every setting.
var base = Settings{
	Room:   Room{Title: "Base", HostCode: "base-code", KeepMB: 100},
	WiFi:   WiFi{Name: "base", Passphrase: "base passphrase", Country: "DE", Channel: 13, Interface: "eth0"},
	LED:    LED{Light: "GPIO17"},
	Screen: Screen{Show: ShowJoin, Language: "de"},
	Broker: Broker{URL: "amqp://base:secret@broker/"},
	Update: Update{From: UpdateFromAnywhere},
	Card:   Card{DataGB: 32},
}

// sentences returns what a host reads.
func sentences(mistakes []Mistake) string {
	var b strings.Builder
	for _, m := range mistakes {
		b.WriteString(strings.TrimPrefix(m.Error(), "warren.toml ") + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestBaseIsValid(t *testing.T) {
	for _, s := range []Settings{base, Default()} {
		if wrong := s.check(); wrong != nil {
			t.Error(wrong)
		}
	}
}

// Each value as it is written in its line, and what becomes of it.
func TestValues(t *testing.T) {
	for _, test := range []struct {
		key, written string
		want         string // as String shows it; empty: that of base
		mistake      string // what follows "line 2: "
	}{
		{"room.title", `"Café  Zoë"`, `"Café Zoë"`, ``},
		{"room.title", `'a "quoted" \ one'`, `"a \"quoted\" \\ one"`, ``},
		{"room.title", `"two\nlines"`, `"two lines"`, ``},
		{"room.title", `""`, ``, `title = "": it must have a letter, digit or sign that can be seen`},
		{"room.title", `"The quick brown fox and friends"`, ``, `title = "The quick brown fox and friends": it must be at most 24 characters (and 120 bytes)`},
		{"room.title", `2026`, ``, `title = 2026: it must be text between "straight quotation marks"`},
		{"room.title", `["a", "b"]`, ``, `title = […]: it must be text between "straight quotation marks"`},
		{"room.title", `{a = 1}`, ``, `title = {…}: it must be text between "straight quotation marks"`},
		{"room.title", `"` + strings.Repeat("x", 100) + `"`, ``, `title = "` + strings.Repeat("x", 64) + `…": it must be at most 24 characters (and 120 bytes)`},

		{"room.host_code", `"rabbit-HOLE-42"`, `(secret)`, ``},
		{"room.host_code", `""`, `""`, ``},
		{"room.host_code", `"None"`, `(secret)`, ``},
		{"room.host_code", `"short"`, ``, `host_code: it must be 6 to 32 of A to Z, a to z, 0 to 9 and -; or "" for the card's own code, in HOST-CODE.TXT, or "none" for no host`},
		{"room.host_code", `"with space"`, ``, `host_code: it must be 6 to 32 of A to Z, a to z, 0 to 9 and -; or "" for the card's own code, in HOST-CODE.TXT, or "none" for no host`},
		{"room.host_code", `"---a-b-c-d-e"`, ``, `host_code: six of it must be letters or digits; or "" for the card's own code, in HOST-CODE.TXT, or "none" for no host`},
		{"room.host_code", `123456`, ``, `host_code: it must be text between "straight quotation marks"`},

		{"room.keep_mb", `8`, `8`, ``},
		{"room.keep_mb", `1_024 # as much as can be`, `1024`, ``},
		{"room.keep_mb", `7`, ``, `keep_mb = 7: it must be 8 to 1024`},
		{"room.keep_mb", `1025`, ``, `keep_mb = 1025: it must be 8 to 1024`},
		{"room.keep_mb", `-64`, ``, `keep_mb = -64: it must be 8 to 1024`},
		{"room.keep_mb", `99999999999999999999`, ``, `keep_mb = 99999999999999999999: it must be 8 to 1024`},
		{"room.keep_mb", `64.5`, ``, `keep_mb = 64.5: it must be a whole number without quotation marks, 8 to 1024`},
		{"room.keep_mb", `"64"`, ``, `keep_mb = "64": it must be a whole number without quotation marks, 8 to 1024`},
		{"room.keep_mb", `true`, ``, `keep_mb = true: it must be a whole number without quotation marks, 8 to 1024`},

		{"wifi.name", `"🐇🐇🐇🐇🐇🐇🐇🐇"`, `"🐇🐇🐇🐇🐇🐇🐇🐇"`, ``},
		{"wifi.name", `"🐇🐇🐇🐇🐇🐇🐇🐇!"`, ``, `name = "🐇🐇🐇🐇🐇🐇🐇🐇!": it must be 1 to 32 bytes, and has 33 (an accented letter takes two, an emoji four or more)`},
		{"wifi.name", `""`, ``, `name = "": it must be 1 to 32 bytes, and has 0 (an accented letter takes two, an emoji four or more)`},
		{"wifi.name", `"rab\nbit"`, ``, `name = "rab\nbit": it must be in one line and without control characters`},
		{"wifi.name", `"rabbit "`, ``, `name = "rabbit ": it must not begin or end with a space`},

		{"wifi.passphrase", `"eight888"`, `(secret)`, ``},
		{"wifi.passphrase", `"` + strings.Repeat(`~`, 63) + `"`, `(secret)`, ``},
		{"wifi.passphrase", `""`, `""`, ``},
		{"wifi.passphrase", `"carrot"`, ``, `passphrase: WPA2 needs at least eight characters and carrot has six: carrotcarrot would do`},
		{"wifi.passphrase", `"seven77"`, ``, `passphrase: WPA2 needs 8 to 63 characters, and this has 7; "" makes the Wi-Fi open`},
		{"wifi.passphrase", `"` + strings.Repeat(`g`, 64) + `"`, ``, `passphrase: WPA2 needs 8 to 63 characters, and this has 64; "" makes the Wi-Fi open`},
		{"wifi.passphrase", `"` + strings.Repeat(`aB3f`, 16) + `"`, ``, `passphrase: 64 hexadecimal digits are a raw key, which not every phone takes: it must be a passphrase of 8 to 63 characters`},
		{"wifi.passphrase", `"Möhrenmöhren"`, ``, `passphrase: it must be plain letters, digits, spaces and signs, without accents or emoji (printable ASCII)`},
		{"wifi.passphrase", `12345678`, ``, `passphrase: it must be text between "straight quotation marks"`},

		{"wifi.country", `"AT"`, `"AT"`, ``},
		{"wifi.country", `"at"`, ``, `country = "at": it must be in capitals: "AT"`},
		{"wifi.country", `"UK"`, ``, `country = "UK": the code of the United Kingdom is "GB"`},
		{"wifi.country", `"XX"`, ``, `country = "XX": it must be the two capital letters of a country (ISO 3166-1), such as "DE" or "US"`},
		{"wifi.country", `"Germany"`, ``, `country = "Germany": it must be the two capital letters of a country (ISO 3166-1), such as "DE" or "US"`},

		{"wifi.channel", `1`, `1`, ``},
		{"wifi.channel", `11`, `11`, ``},
		{"wifi.channel", `0x0b`, `11`, ``},
		{"wifi.channel", `0`, `6`, `channel = 0: it must be 1 to 13`}, // 13, as in base, needs its country
		{"wifi.channel", `15`, `6`, `channel = 15: it must be 1 to 13`},
		{"wifi.channel", `12`, `6`, `channel = 12: it must be 1 to 11, or the country must be set`},
		{"wifi.channel", `"6"`, `6`, `channel = "6": it must be a whole number without quotation marks, 1 to 13`},

		{"card.data_gb", `1`, `1`, ``},
		{"card.data_gb", `512`, `512`, ``},
		{"card.data_gb", `0`, ``, `data_gb = 0: it must be 1 to 512`},
		{"card.data_gb", `"8 GB"`, ``, `data_gb = "8 GB": it must be a whole number without quotation marks, 1 to 512`},

		{"wifi.interface", `"br-lan.2"`, `"br-lan.2"`, ``},
		{"wifi.interface", `"abcdefghij12345"`, `"abcdefghij12345"`, ``},
		{"wifi.interface", `"abcdefghij123456"`, ``, `interface = "abcdefghij123456": it must be a network interface such as "wlan0" or "eth0": 1 to 15 letters, digits, dots, - and _`},
		{"wifi.interface", `""`, ``, `interface = "": it must be a network interface such as "wlan0" or "eth0": 1 to 15 letters, digits, dots, - and _`},
		{"wifi.interface", `"../eth0"`, ``, `interface = "../eth0": it must be a network interface such as "wlan0" or "eth0": 1 to 15 letters, digits, dots, - and _`},
		{"wifi.interface", `"eth0\nhw_mode=b"`, ``, `interface = "eth0\nhw_mode=b": it must be a network interface such as "wlan0" or "eth0": 1 to 15 letters, digits, dots, - and _`},

		{"led.light", `"PWR"`, `"PWR"`, ``},
		{"led.light", `"mmc0::"`, `"mmc0::"`, ``},
		{"led.light", `"None"`, `"none"`, ``},
		{"led.light", `"gpio4"`, `"GPIO4"`, ``},
		{"led.light", `"GPIO28"`, ``, `light = "GPIO28": it must be "ACT", "none", "GPIO" and a number up to 27 such as "GPIO17", or the name of another LED of the kernel`},
		{"led.light", `"GPIO"`, ``, `light = "GPIO": it must be "ACT", "none", "GPIO" and a number up to 27 such as "GPIO17", or the name of another LED of the kernel`},
		{"led.light", `"17"`, ``, `light = "17": it must be "ACT", "none", "GPIO" and a number up to 27 such as "GPIO17", or the name of another LED of the kernel`},
		{"led.light", `"terminal"`, ``, `light = "terminal": it must be "ACT", "none", "GPIO" and a number up to 27 such as "GPIO17", or the name of another LED of the kernel`},
		{"led.light", `"a/../b"`, ``, `light = "a/../b": it must be "ACT", "none", "GPIO" and a number up to 27 such as "GPIO17", or the name of another LED of the kernel`},
		{"screen.show", `"wall"`, ``, `show = "wall": it must be "room", "join" or "off"`},
		{"screen.show", `"OFF"`, `"off"`, ``},
		{"screen.language", `"it"`, ``, `language = "it": it must be "en", "de", "fr", "es", "pt", "ja", "zh" or "ar"`},
		{"led.light", `""`, ``, `light = "": it must be "ACT", "none", "GPIO" and a number up to 27 such as "GPIO17", or the name of another LED of the kernel`},

		{"update.from", `"Anywhere"`, `"anywhere"`, ``},
		{"update.from", `"wifi"`, ``, `from = "wifi": it must be "ethernet" or "anywhere"`},
		{"update.from", `""`, ``, `from = "": it must be "ethernet" or "anywhere"`},

		{"broker.url", `""`, `""`, ``},
		{"broker.url", `"amqp://warren:a%2Fb@10.0.0.7:5672/"`, `(secret)`, ``},
		{"broker.url", `"amqps://[fd00::1]"`, `(secret)`, ``},
		{"broker.url", `"amqp://u:p@10.0.0.7, amqps://u:p@10.0.0.8"`, `(secret)`, ``},
		{"broker.url", `"amqp://10.0.0.7,10.0.0.8"`, ``, `url: URL 2 of 2: it must begin with amqp:// or amqps://`},
		{"broker.url", `"amqp://10.0.0.7,"`, ``, `url: URL 2 of 2: it must begin with amqp:// or amqps://`},
		{"broker.url", `"http://broker/"`, ``, `url: it must begin with amqp:// or amqps://`},
		{"broker.url", `"broker"`, ``, `url: it must begin with amqp:// or amqps://`},
		{"broker.url", `"amqp://user:a/b@broker/"`, ``, badURL},
		{"broker.url", `"amqp://user:a b@broker/"`, ``, badURL},
		{"broker.url", `"amqp:///vhost"`, ``, badURL},
		{"broker.url", `"amqp://broker:70000/"`, ``, badURL},
		{"broker.url", `"amqp://broker/?heartbeat=often"`, ``, badURL},
	} {
		section, name, _ := strings.Cut(test.key, ".")
		s, mistakes := Parse(fmt.Appendf(nil, "[%s]\n%s = %s\n", section, name, test.written), base)
		want := ""
		if test.mistake != "" {
			want = "line 2: " + test.mistake
		}
		if got := sentences(mistakes); got != want {
			t.Errorf("%s = %s:\n got %s\nwant %s", test.key, test.written, got, want)
		}
		expected := Default()
		k := findKey(section, name)
		if test.want == "" {
			k.copyValue(&expected, &base)
		} else {
			k.copyValue(&expected, &s)
			if !strings.Contains(s.String()+" ", " "+test.key+"="+test.want+" ") && !strings.HasPrefix(s.String(), test.key+"="+test.want+" ") {
				t.Errorf("%s = %s: became %s, want %s", test.key, test.written, s, test.want)
			}
		}
		if s != expected {
			t.Errorf("%s = %s: all are\n%#v, want\n%#v", test.key, test.written, s, expected)
		}
	}
}

const badURL = `url: it must be like amqp://user:password@host:5672/, where a sign such as @ / : # % or a comma in the password is written %40 %2F %3A %23 %25 %2C`

// Mistakes in how the settings are put together, and what stays.
func TestDocuments(t *testing.T) {
	title := func(s *Settings) { s.Room.Title = "Lab" }
	all := func(s *Settings) { *s = base }
	for _, test := range []struct {
		name, file string
		change     func(*Settings) // what is not default
		mistakes   string
	}{
		{"nothing", "", nil, ``},
		{"a remark", "# nothing", nil, ``},
		{"Notepad", "\xef\xbb\xbf[room]\r\ntitle = \"Lab\"\r\n", title, ``},
		{"no end of line", "[room]\ntitle = \"Lab\"", title, ``},
		{"dotted", `room.title = "Lab"`, title, ``},
		{"quoted names", "[\"room\"]\n'title' = \"Lab\"", title, ``},

		{"a mistake costs its setting only", "[room]\ntitle = \"Lab\"\nkeep_mb = 2\n[wifi]\nchannel = 11\ninterface = \"wlan1\"\n",
			func(s *Settings) {
				s.Room = Room{"Lab", "", 100}
				s.WiFi.Channel, s.WiFi.Interface = 11, "wlan1"
			},
			`line 3: keep_mb = 2: it must be 8 to 1024`},
		{"twice", "[room]\ntitle = \"Lab\"\ntitle = \"Hall\"\nroom.title = \"Lab\"\n[led]\nlight = \"PWR\"",
			func(s *Settings) { *s = base; s.LED.Light = "PWR" },
			"line 3: title: it is already in line 2: keep one of the two\n" +
				"line 4: room.title: there is no such setting: did you mean title?"},
		{"three times", "[led]\nlight = \"PWR\"\nlight = \"PWR\"\nlight = \"PWR\"",
			func(s *Settings) { s.LED.Light = "GPIO17" },
			"line 3: light: it is already in line 2: keep one of the two\n" +
				"line 4: light: it is already in line 2: keep one of the two"},

		{"unknown setting", "[wifi]\nchanel = 1\n[room]\ntitle = \"Lab\"",
			func(s *Settings) { *s = base; title(s) },
			`line 2: chanel: there is no such setting: did you mean channel?`},
		{"capitals", "[wifi]\nPassphrase = \"a secret of mine\"", all,
			`line 2: Passphrase: there is no such setting: did you mean passphrase?`},
		{"misspelt secret", "[wifi]\npasphrase = \"a secret of mine\"", all,
			`line 2: pasphrase: there is no such setting: did you mean passphrase?`},
		{"nothing near", "[wifi]\npassword = \"a secret of mine\"", all,
			`line 2: password: there is no such setting: [wifi] has name, passphrase, country, channel and interface`},
		{"wrong section", "[room]\nchannel = 1", all, `line 2: channel: it must stand below [wifi]`},
		{"wrong section, misspelt", "[led]\nchanel = 1", all, `line 2: chanel: there is no such setting: did you mean channel, below [wifi]?`},
		{"no section", "channel = 1", all, `line 1: channel: it must stand below [wifi]`},
		{"no section, unknown", "password = 1", all, `line 1: password: there is no such setting: those that there are stand below [room], [wifi], [led], [screen], [broker], [update], [card]`},
		{"section as a value", "wifi = {channel = 1}", all, `line 1: wifi: it is a section: write [wifi] in a line of its own, and its settings below`},
		{"too deep", "[wifi]\nname.long = \"rabbit\"", all, `line 2: name.long: there is no such setting: [wifi] has name, passphrase, country, channel and interface`},
		{"a name for a terminal", "[wifi]\n\"\\u001b[2J\\u202e\" = 1", all, `line 2: "\x1b[2J\u202e": there is no such setting: [wifi] has name, passphrase, country, channel and interface`},

		{"unknown section", "[room]\ntitle = \"Lab\"\n[wlan]\nname = \"a\"\nkey = \"b\"",
			func(s *Settings) { *s = base; title(s) },
			`line 3: [wlan]: there is no such section: there are [room], [wifi], [led], [screen], [broker], [update] and [card]`},
		{"misspelt section", "[Wifi]\nname = \"a\"", all, `line 1: [Wifi]: there is no such section: did you mean [wifi]?`},
		{"section in a section", "[wifi.radio]\nchannel = 1", all, `line 1: [wifi.radio]: there is no such section: there are [room], [wifi], [led], [screen], [broker], [update] and [card]`},
		{"section twice", "[room]\ntitle = \"Lab\"\n[led]\n[room]\nkeep_mb = 8",
			func(s *Settings) { title(s); s.Room.KeepMB = 8 },
			`line 4: [room]: it is already in line 1: put the settings of both together`},
		{"double brackets", "[[room]]\ntitle = \"Lab\"", title, `line 1: [[room]]: it must be written [room]`},

		{"channel 13 in Germany", "[wifi]\nchannel = 13\ncountry = \"DE\"", func(s *Settings) { s.WiFi.Channel, s.WiFi.Country = 13, "DE" }, ``},
		{"channel 12 in the US", "[wifi]\nchannel = 12\ncountry = \"US\"", func(s *Settings) { s.WiFi.Country = "US" },
			`line 2: channel = 12: it must be 1 to 11 in US`},
		{"channel 12 in a wrong country", "[wifi]\ncountry = \"Germany\"\nchannel = 12", func(s *Settings) { s.WiFi.Channel, s.WiFi.Country = 12, "DE" },
			`line 2: country = "Germany": it must be the two capital letters of a country (ISO 3166-1), such as "DE" or "US"`},
		{"wrong channel, good country", "[wifi]\nchannel = 14\ncountry = \"FR\"", func(s *Settings) { s.WiFi.Channel, s.WiFi.Country = 13, "FR" },
			`line 2: channel = 14: it must be 1 to 13`},

		{"no quotation marks", "[room]\ntitle = Lab", all, `line 2: title: text must be between "straight quotation marks"; until then nothing in the file is read`},
		{"curly quotation marks", "[room]\ntitle = “Lab”", all, `line 2: title: text must be between straight quotation marks ("), not curly ones; until then nothing in the file is read`},
		{"half of the marks", "[wifi]\r\npassphrase = \"hidden secret\r\nchannel = 6\r\n", all, `line 2: passphrase: the text must end with the quotation mark it begins with; inside it " is written \" and \ is written \\; until then nothing in the file is read`},
		{"a backslash", `wifi.name = "C:\Rabbit"`, all, `line 1: the text must end with the quotation mark it begins with; inside it " is written \" and \ is written \\; until then nothing in the file is read`},
		{"a mark inside", "[room]\ntitle = \"The \"Lab\"\"", all, `line 2: title: after the text there must be nothing, or a # and a remark; inside the text " is written \" and \ is written \\; until then nothing in the file is read`},
		{"no value", "[room]\ntitle =", all, `line 2: title: after the = there must be a value; nothing is written ""; until then nothing in the file is read`},
		{"a remark for a value", "[room]\ntitle = # Lab", all, `line 2: title: after the = there must be a value; nothing is written ""; until then nothing in the file is read`},
		{"a zero before", "[wifi]\nchannel = 06", all, `line 2: channel: a number must be digits only, without a zero before them; text must be between "straight quotation marks"; until then nothing in the file is read`},
		{"a bare passphrase", "[wifi]\npassphrase = 1carrotcarrot", all, `line 2: passphrase: a number must be digits only, without a zero before them; text must be between "straight quotation marks"; until then nothing in the file is read`},
		{"a colon", "[wifi]\nchannel: 6", all, `line 2: the line must be a setting, such as channel = 6, or begin with a # as a remark; until then nothing in the file is read`},
		{"a name with a space", "[wifi]\nmy channel = 6", all, `line 2: before the = there must be the name of a setting, such as channel = 6; until then nothing in the file is read`},
		{"half a bracket", "[wifi\nchannel = 6", all, `line 1: a section must be its name between [ and ], in a line of its own, such as [wifi]; until then nothing in the file is read`},
		{"endless brackets", "a = " + strings.Repeat("[", 60000), all, `line 1: text must be between "straight quotation marks"; until then nothing in the file is read`},

		{"Latin 1", "[room]\ntitle = \"Caf\xe9\"", all, `line 2: a letter here is not in UTF-8: save the file again as UTF-8; until then nothing in it is read`},
		{"UTF-16", "\xff\xfe[\x00", all, `it is saved as UTF-16: save it again as UTF-8; until then nothing in it is read`},
		{"UTF-16, the other way", "\xfe\xff\x00[", all, `it is saved as UTF-16: save it again as UTF-8; until then nothing in it is read`},
		{"64 KiB", "room.title = \"Lab\" #" + strings.Repeat(" ", 64<<10-20), title, ``},
		{"more than 64 KiB", strings.Repeat("\n", 64<<10+1), all, `it is larger than 64 KiB: it must be the file that came with the card, with your changes; until then nothing in it is read`},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := Default()
			if test.change != nil {
				test.change(&want)
			}
			got, mistakes := Parse([]byte(test.file), base)
			if got != want {
				t.Errorf("got\n%#v, want\n%#v", got, want)
			}
			if got := strings.ReplaceAll(sentences(mistakes), "warren.toml: ", ""); got != test.mistakes {
				t.Errorf("got\n%s\nwant\n%s", got, test.mistakes)
			}
		})
	}
}

func TestMistakesAreBounded(t *testing.T) {
	_, mistakes := Parse([]byte("[room]\n"+strings.Repeat("a = 1\n", 10000)), base)
	if len(mistakes) != maxMistakes+1 || mistakes[maxMistakes].Error() != "warren.toml: there are 9980 more mistakes" {
		t.Errorf("%d mistakes, the last of them %v", len(mistakes), mistakes[len(mistakes)-1])
	}
}

func TestMistakeError(t *testing.T) {
	m := Mistake{Line: 12, Key: "channel", Value: "15", Right: "it must be 1 to 13"}
	if got, want := m.Error(), "warren.toml line 12: channel = 15: it must be 1 to 13"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
