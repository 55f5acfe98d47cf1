package browser

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp/kb"

	"warren/web"
)

// wordsOf is the words of one language, each under the path that leads to it in
// the table, as a browser finds them.
type wordsOf map[string]word

type word struct {
	Kind string            // string or function
	Args int               // that a function takes
	Says map[string]string // what it says, by what it is told
}

// samples is what functions are told: names, and numbers that take all plural
// forms of any language.
const samples = `[['Zoë A', 'Zoë B', 'Zoë C'], ...[0, 1, 2, 3, 5, 11, 21, 100, 1234, 1e6].map((n) => [n, 7, 8])]`

// readWords loads the words of all languages into a browser.
func readWords(t *testing.T) map[string]wordsOf {
	t.Helper()
	begin(t)
	files, err := fs.Glob(web.Files, "strings/*.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no words: %v", err)
	}
	server := httptest.NewServer(http.FileServerFS(web.Files))
	t.Cleanup(server.Close)
	reader := shared.br.Phone(t, "Reader", Small)
	reader.Excuse("Failed to load resource") // a picture of the site: this is none
	reader.Goto(server.URL + "/icon.svg")
	all := make(map[string]wordsOf)
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".js")
		all[name] = See[wordsOf](reader, fmt.Sprintf(`import('/%s').then(({words}) => {
			const found = {};
			const say = (word, told) => { // names may be a list
				try { return word(...told); } catch { return word(told); }
			};
			const walk = (value, path) => {
				if (typeof value === 'object') for (const key of Object.keys(value)) walk(value[key], path ? path + '.' + key : key);
				else if (typeof value === 'function') found[path] = {Kind: 'function', Args: value.length,
					Says: Object.fromEntries(%s.map((told) => [told.join(), String(say(value, told))]))};
				else found[path] = {Kind: typeof value, Says: {'': String(value)}};
			};
			walk(words, '');
			return found;
		})`, file, samples))
	}
	return all
}

var (
	names    = regexp.MustCompile("\u2068?Zoë [ABC]\u2069?")
	sentence = regexp.MustCompile(`[a-z]{3} [a-z]{2}`)
	broken   = regexp.MustCompile(`undefined|NaN|null|\[object|#|\{\}`)
)

// TestWordsOfAllLanguages: whatever the page says in English it says in every
// other language, too, of the same things.
func TestWordsOfAllLanguages(t *testing.T) {
	all := readWords(t)
	english := all["en"]
	for name, words := range all {
		for key, w := range words {
			if _, ok := english[key]; !ok {
				t.Errorf("%s: %s is a word too many", name, key)
			}
			for told, says := range w.Says {
				if said := broken.FindString(says); said != "" && !strings.HasPrefix(told, "Zoë") {
					t.Errorf("%s: %s says %q of %s", name, key, says, told)
				}
			}
		}
		for key, e := range english {
			w, ok := words[key]
			if !ok {
				t.Errorf("%s: %s is missing: %q", name, key, e.Says)
				continue
			}
			if w.Kind != e.Kind || w.Args != e.Args {
				t.Errorf("%s: %s is a %s of %d, in English a %s of %d", name, key, w.Kind, w.Args, e.Kind, e.Args)
				continue
			}
			translated := name == "en"
			for told, says := range w.Says {
				in := e.Says[told]
				translated = translated || says != in || !sentence.MatchString(in)
				if (in == "") != (says == "") {
					t.Errorf("%s: %s says %q of %s, in English %q", name, key, says, told, in)
				}
				if strings.HasPrefix(told, "Zoë") {
					if got, want := mentions(names, says), mentions(names, in); !slices.Equal(got, want) {
						t.Errorf("%s: %s names %q, in English %q", name, key, got, want)
					}
				} else if got, want := mentions(number, digits.Replace(says)), mentions(number, in); told >= "3" && told[0] <= '9' && !slices.Equal(got, want) {
					t.Errorf("%s: %s counts %q of %s, in English %q: %q", name, key, got, told, want, says)
				}
			}
			if !translated {
				t.Errorf("%s: %s is not translated: %q", name, key, e.Says)
			}
		}
	}
}

var number = regexp.MustCompile(`[0-9]([0-9.,\x{a0}\x{202f}٬]*[0-9])?`)

// digits makes numbers of all languages alike.
var digits = strings.NewReplacer("٠", "0", "١", "1", "٢", "2", "٣", "3", "٤", "4", "٥", "5", "٦", "6", "٧", "7", "٨", "8", "٩", "9",
	"٬", "", ",", "", ".", "", "\u00a0", "", "\u202f", "")

// mentions returns what a text mentions, sorted, without what writes numbers.
func mentions(what *regexp.Regexp, text string) []string {
	found := what.FindAllString(text, -1)
	for i := range found {
		found[i] = digits.Replace(found[i])
	}
	slices.Sort(found)
	return found
}

// TestNoWordIsUnused: each word is asked for somewhere, and each that is asked
// for is there. What the page says stands in the tables and nowhere else.
func TestNoWordIsUnused(t *testing.T) {
	english := readWords(t)["en"]
	keys := make(map[string]bool) // at the top of the table
	for key := range english {
		top, _, _ := strings.Cut(key, ".")
		keys[top] = true
	}
	var source strings.Builder
	for _, name := range pageFiles(t) {
		data, _ := fs.ReadFile(web.Files, name)
		text := comments.ReplaceAllString(string(data), "")
		source.WriteString(text)
		for _, match := range asked.FindAllStringSubmatch(text, -1) {
			if key := match[1] + match[2]; key != "js" && !keys[key] { // "words.js" is a file
				t.Errorf("%s asks for the word %s, which there is not", name, key)
			}
		}
		for _, match := range spoken.FindAllString(text, -1) {
			t.Errorf("%s says by itself: %s", name, match)
		}
	}
	for key := range keys {
		if key != "" && !regexp.MustCompile(`words\.`+key+`\b|["']`+key+`["']`).MatchString(source.String()) {
			t.Errorf("nobody asks for the word %s", key)
		}
	}
}

var (
	asked    = regexp.MustCompile(`\bwords\.(\w+)|\bdata-(?:text|label|title|placeholder)="(\w+)"`)
	comments = regexp.MustCompile(`(?s)<!--.*?-->|/\*.*?\*/|(?m:(?:^|[;{}(),]?[ \t])//[^\n]*$)`)

	// spoken finds sentences, in quotes, between tags or in attributes that are
	// shown or read aloud.
	spoken = regexp.MustCompile(`'[A-Z][a-z’]+( [\w’]+)+[.!?:…]?'|"[A-Z][a-z’]+( [\w’]+)+[.!?:…]?"|` + "`[A-Z][a-z’]+( [\\w’${}().]+)+[.!?:…]?`" +
		`|[ ](?:title|placeholder|alt|aria-label)="[^"{]*[A-Z][^"]*"|(?:</?(?:p|b|h[1-6]|button|span|label|li|a|small|dt|dd|legend|summary|option)[^>]*>)\s*[A-Z][a-z]+[^<{]*<`)
)

// pageFiles are the HTML and the modules of the page, without the words.
func pageFiles(t *testing.T) (names []string) {
	t.Helper()
	for _, pattern := range []string{"*.html", "*.js"} {
		found, err := fs.Glob(web.Files, pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	return names
}

// Reads makes the guest's browser ask for a language.
func (p *Phone) Reads(language string) {
	p.t.Helper()
	tell(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language + ",en;q=0.5"}})
	tell(p, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: language})
}

// TestPageInEveryLanguage opens the room in each language, on a small phone.
func TestPageInEveryLanguage(t *testing.T) {
	t.Parallel()
	room := inProcess(t, append(hosted(t), "-wifi-name", "rabbit", "-wifi-passphrase", "carrots and peas")...)
	room.sayAll("Rob", "Is anybody here?", "🥕")
	files, _ := fs.Glob(web.Files, "strings/*.js")
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".js")
		t.Run(name, func(t *testing.T) {
			ada := shared.br.Phone(t, "Ada", Small)
			ada.Reads(name)
			ada.Goto(room.url)
			ada.waitIn()
			text := "I am: " + name
			ada.Say(text)
			ada.Until("the own message, sent", `document.querySelector('.message.own[data-state="sent"]')`)
			dir := "ltr"
			if name == "ar" {
				dir = "rtl"
			}
			if got := See[[]string](ada, `[document.documentElement.lang, document.documentElement.dir]`); !slices.Equal(got, []string{name, dir}) {
				t.Errorf("the page says that it is in %q", got)
			}
			// Own messages stand where lines end, others where they begin.
			sides := See[[]float64](ada, `[document.querySelector('.message:not(.own) .bubble'), document.querySelector('.message.own .bubble')].map((b) => {
				const {left, right} = b.getBoundingClientRect();
				return (left + right) / 2 / innerWidth;
			})`)
			if dir == "rtl" {
				slices.Reverse(sides)
			}
			if sides[0] > 0.5 || sides[1] < 0.5 {
				t.Errorf("messages of others and own ones stand at %v of the width", sides)
			}
			ada.lookIsRight(name)
			ada.translated(name)
			ada.Shot("language-" + name)
			ada.Tap("#people")
			ada.fits()
			ada.translated(name)
			ada.Tap("#people")
			ada.Tap("#name")
			ada.fits()
			ada.Press(kb.Escape)
			ada.Open(text)
			ada.readable("what can be done with a message")
			ada.Press(kb.Escape)
			ada.Tap("#menu")
			ada.readable("the menu")
			if got := See[string](ada, `document.querySelector('#version').textContent`); !strings.HasPrefix(got, "Warren ") || len(strings.Fields(got)) != 2 {
				t.Errorf("the menu says %q, not the version", got)
			}
			ada.translated(name)
			ada.Shot("language-" + name + "-menu")
			for act, dialog := range map[string]string{"invite": "invite", "help": "keys"} {
				if See[bool](ada, `document.querySelector('#options').hidden`) {
					ada.Tap("#menu")
				}
				ada.Tap("#options [data-act=" + act + "]")
				ada.Until("the window", fmt.Sprintf(`document.querySelector('#%s').open`, dialog))
				ada.readable("the window " + dialog)
				ada.translated(name)
				ada.Press(kb.Escape)
			}

			for _, path := range []string{"basic", "status", "poster", "host"} {
				ada.Goto(room.url + path)
				ada.readable("/" + path)
				if got := See[[]string](ada, `[document.documentElement.lang, document.documentElement.dir]`); !slices.Equal(got, []string{name, dir}) {
					t.Errorf("/%s says that it is in %q", path, got)
				}
				ada.translated(name)
			}
			ada.entersCode(codeTyped)
			ada.hosts()
			ada.readable("the host's page")
			ada.Shot("language-" + name + "-host")
			ada.eachSheet(func(sheet string) {
				ada.readable("the sheet " + sheet)
				ada.translated(name)
			})

			ada.Resize(screens["1280x720"])
			ada.Goto(room.url + "wall")
			ada.waitForWall()
			ada.fits()
			ada.translated(name)
			ada.wallShot("language-" + name + "-wall")
		})
	}
}

// translated complains about what looks English in a page that is written in
// other letters.
func (p *Phone) translated(language string) {
	p.t.Helper()
	if !slices.Contains([]string{"ja", "zh", "ar"}, language) {
		return
	}
	latin := See[[]string](p, `(() => {
		const found = [document.title];
		const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walker.nextNode()) if (walker.currentNode.parentElement.checkVisibility()) found.push(walker.currentNode.data);
		for (const el of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
			found.push(el.ariaLabel, el.title, el.placeholder, el.alt);
		return found.filter(Boolean).map((text) => text.replace(/\u2068[^\u2069]*\u2069/g, ''));
	})()`)
	for _, text := range latin {
		if asciiWord.MatchString(theirs.ReplaceAllString(text, "")) {
			p.t.Errorf("in %s the page says %q", language, text)
		}
	}
}

var (
	asciiWord = regexp.MustCompile(`[A-Za-z]{2}`)

	// theirs is what has Latin letters in any language: names, what guests say,
	// and what stands so on keys and cards.
	theirs = regexp.MustCompile(`rabbit|Rob\b|I am: ..|Is anybody here\?|amqp|carrots and peas|http://\S+|development( go[0-9.]+)?|[A-Z][a-z]+ [A-Z][a-z]+` +
		`|US|Letter|Wi-Fi|QR|Shift|Enter|Ctrl|Esc|JSON Lines|HOST-CODE\.TXT|warren\.toml|\[room\]|-?host[-_]code|chatd|RabbitMQ|Warren|abcde-fghij`)
)
