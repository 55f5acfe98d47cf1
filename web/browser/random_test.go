package browser

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// property makes texts, names and logs at random, for some seconds, out of pieces
// that parsers trip over, and gives them to the page's own modules. It returns
// how many there were, and what was not as it should be.
const property = `(async (seed, milliseconds) => {
	const { pieces, fold, isEmojiOnly, roomLeft } = await import('/text.js');
	const { build, place } = await import('/message.js');
	const { Names, likeness } = await import('/people.js');
	const { Log } = await import('/log.js');

	// Mulberry32: the same seed says the same.
	const random = () => {
		let t = (seed += 0x6d2b79f5);
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
	const below = (n) => Math.floor(random() * n);
	const parts = [
		'http://', 'https://', 'HTTP://', 'a.example', '/', '?', '#', '(', ')', '.', ',', '\n', ' ', '\t', ':', '@', '%zz', '[::1]', '[', ']',
		'127.0.0.1', 'user:secret@', 'xn--', '\\', '"', "'", '<script>', '<img src=x onerror=alert(1)>', '</div>', '&lt;', '&', '` + "`" + `', '$' + '{1}',
		'javascript:', 'data:text/html,', '🐇', '👩‍👩‍👧‍👦', '👍🏽', '🇩🇪', '🇩', '1️⃣', '#️⃣', '🏳️‍🌈', '©', '™️', '\u200d', '\ufe0f', '\u20e3', '\u{e0067}',
		'\u202e', '\u2068', '\u200b', '\ufeff', '\u0301', '\ud83d', '\udc07', 'é', 'ﷺ', '。', '）', '…', 'word', 'x'.repeat(100), '__proto__', '0',
	];
	const text = () => {
		const alphabet = Array.from({ length: 1 + below(8) }, () => parts[below(parts.length)]);
		let s = '';
		const length = below(20) ? below(40) : below(4000);
		for (let i = 0; i < length && s.length < 16000; i++) s += alphabet[below(alphabet.length)];
		return s;
	};
	const surrogates = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
	const elements = new Set(['DIV', 'P', 'TIME', 'SPAN', 'BDI', 'A', 'BUTTON', 'svg', 'use']);
	const wrong = [];
	const expect = (right, what, s) => right || (wrong.length < 10 && wrong.push(what + ': ' + JSON.stringify(s).slice(0, 300)));

	const checkText = (s) => {
		const found = pieces(s);
		expect(found.map((piece) => piece.text).join('') === s, 'the pieces are not the text', s);
		expect(found.length < 500 && found.every((piece) => piece.text), 'too many pieces, or empty ones', s);
		for (const { text, href } of found) {
			if (href === undefined) continue;
			const url = new URL(href);
			expect(/^https?:$/.test(url.protocol) && url.href === new URL(text).href && /^https?:\/\/\S+$/i.test(text), 'a link is not its text', s);
			expect(!/[\u202a-\u202e\u2066-\u2069\u200b"<>]/.test(text), 'a link hides something', s);
		}
		const head = fold(s);
		expect(head === null || (s.startsWith(head) && head.length < s.length && head.length <= 1200 && head.split('\n').length <= 13), 'the fold is not the beginning', s);
		expect(head === null || surrogates.test(s) || !surrogates.test(head), 'the fold cuts a character', s);
		expect(!isEmojiOnly(s) || !/[a-z<>&]/i.test(s), 'letters are taken for emoji', s);
		const left = roomLeft(s, { text_bytes: 16384, text_graphemes: 16000 });
		expect(Number.isInteger(left) && left <= 16384 - s.length, 'the room left is ' + left, s);
	};
	const checkMessage = (s, name) => {
		const from = { id: below(3) ? 'id' + below(1e6) : '', name };
		const at = below(2) ? below(2 ** 31) * 1000 - below(2 ** 31) * 1e4 : null;
		const record = { text: s, from, at, own: below(2) === 0, state: ['sent', 'pending', 'failed'][below(3)], offset: below(1e9), ref: name };
		const node = build(record, 'prnt');
		place(node, below(2) ? build({ ...record, text: name }, '') : null);
		const head = fold(s);
		expect(node.querySelector('.text').textContent === (head === null ? s : head + '…'), 'the message says something else', s);
		const more = node.querySelector('button.more');
		if (more) {
			more.click();
			expect(node.querySelector('.text').textContent === s, 'the whole message says something else', s);
		}
		expect(record.own || node.querySelector('.who bdi').textContent === name, 'the name is another', name);
		for (const el of node.querySelectorAll('*')) {
			expect(elements.has(el.tagName), 'there is a ' + el.tagName, s);
			for (const { name, value } of el.attributes) {
				expect(!/^on|^src/.test(name) && (name !== 'href' || /^(https?:\/\/|#i-)/.test(value)) && (name !== 'style' || /^--hue: ?\d+;?$/.test(value)), name + '=' + value, s);
			}
		}
	};
	const checkNames = (list) => {
		const names = new Names();
		list.forEach((name, i) => {
			names.note({ id: 'id' + i, name });
			const alike = list.slice(0, i + 1).filter((other) => likeness(other) === likeness(name)).length > 1;
			expect((names.print({ id: 'id' + i, name }) !== '') === alike, 'names that look alike are not told apart, or others are', list);
		});
	};
	const checkLog = () => {
		const log = new Log();
		log.reset('e');
		const shown = [];
		let lost = false;
		for (let i = below(20); i > 0; i--) {
			const base = below(30) - (shown.length ? 0 : 10);
			const records = Array.from({ length: below(6) }, (_, k) => ({ offset: base + k, ref: below(4) ? 'r' + below(9) : '', from: { id: 'i' + below(3) } }));
			if (!below(6)) {
				log.lose(Infinity); // what comes next may overlap
				lost = true;
			} else if (below(3)) shown.push(...log.append(records));
			else if (shown.length) shown.unshift(...log.prepend(records));
		}
		const offsets = shown.map((r) => r.offset);
		expect(lost || offsets.every((o, i) => !i || o > offsets[i - 1]), 'the log is not in order', offsets);
		const keys = shown.map((r) => (r.ref ? r.from.id + ' ' + r.ref : r.offset));
		expect(new Set(keys).size === keys.length, 'the log has a message twice', shown);
		for (const r of shown) expect(log.has(r), 'the log does not know what it has', r);
	};

	const end = performance.now() + milliseconds;
	let n = 0, slowest = 0;
	for (; performance.now() < end && wrong.length === 0; n++) {
		const s = text();
		const show = () => {
			const began = performance.now();
			checkText(s);
			checkMessage(s, text().slice(0, 60) || 'x');
			return performance.now() - began;
		};
		try {
			// What is slow is so each time: the machine has other things to do.
			let took = show();
			for (let again = 0; again < 3 && took > slowest; again++) took = Math.min(took, show());
			slowest = Math.max(slowest, took);
			if (n % 10 === 0) checkNames(Array.from({ length: below(6) }, () => text().slice(0, 3) || 'x'));
			checkLog();
		} catch (err) {
			expect(false, String(err), s);
		}
		if (n % 200 === 0) await new Promise((done) => setTimeout(done));
	}
	return { N: n, Slowest: slowest, Wrong: wrong };
})`

// TestRandomTexts: whatever is said, under whatever name and in whatever order,
// the page's modules show just that, as text, and make no elements but their own.
// WARREN_SEED says the same once more, WARREN_SECONDS for longer.
func TestRandomTexts(t *testing.T) {
	t.Parallel()
	seed, seconds := rand.Uint32(), 4
	for name, set := range map[string]func(n uint64){
		"WARREN_SEED":    func(n uint64) { seed = uint32(n) },
		"WARREN_SECONDS": func(n uint64) { seconds = int(n) },
	} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.ParseUint(text, 10, 32)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			set(n)
		}
	}
	room := inProcess(t)
	guest := room.enter("Ada", Small)
	began := See[float64](guest, `performance.now()`)
	var got struct {
		N       int
		Slowest float64
		Wrong   []string
	}
	// In pieces that are shorter than a guest's patience.
	for i := 0; i < seconds && len(got.Wrong) == 0; i += 2 {
		n := got.N
		got = See[struct {
			N       int
			Slowest float64
			Wrong   []string
		}](guest, fmt.Sprintf("%s(%d, 2000)", property, seed+uint32(i)))
		got.N += n
		// A text of 16 KiB is shown in a blink, also on a busy machine.
		if got.Slowest > 1000 {
			t.Errorf("seed %d: one text took %.0f ms", seed+uint32(i), got.Slowest)
		}
		for _, wrong := range got.Wrong {
			t.Errorf("seed %d: %s", seed+uint32(i), wrong)
		}
	}
	if got.N < 100 {
		t.Errorf("only %d texts were tried", got.N)
	}
	t.Logf("%d texts in %.1f s, from seed %d", got.N, (See[float64](guest, `performance.now()`)-began)/1000, seed)
}
