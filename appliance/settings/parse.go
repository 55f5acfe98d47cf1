package settings

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// MaxFileBytes is the largest file that is read: ten times what is shipped
// leaves room for any remarks a host may add.
const MaxFileBytes = 64 << 10

// Parse reads a file. base is what stands where the file has a mistake; it must
// be valid, and what is returned is.
//
//   - A setting that is in the file, and right, is as written there.
//   - One with a mistake in it, or that is there twice, is as in base.
//   - One that is not in the file has its default. But if the file has names that
//     do not exist, it may have been meant by one of them, and is as in base.
//   - If the file cannot be read as TOML, all settings are as in base.
//
// There is at least one Mistake for each setting that did not become what the
// file says. They are in the order of the lines, and at most a few dozen.
func Parse(data []byte, base Settings) (Settings, []Mistake) {
	if m := unreadable(data); m != nil {
		return base, []Mistake{*m}
	}
	r := reader{base: base, read: Default(), seen: map[*key]state{}, sections: map[string]int{}}
	// The library calls its parser unstable because its API may change; the
	// stable one has no positions of what it has decoded.
	r.parser.Reset(bytes.TrimPrefix(data, []byte(utf8BOM)))
	for r.parser.NextExpression() {
		switch node := r.parser.Expression(); node.Kind {
		case unstable.Table, unstable.ArrayTable:
			r.section(node)
		case unstable.KeyValue:
			r.setting(node)
		}
	}
	if err := r.parser.Error(); err != nil {
		return base, []Mistake{syntaxMistake(&r.parser, err)}
	}
	r.unmentioned()
	r.channel()
	slices.SortStableFunc(r.mistakes, func(a, b Mistake) int { return cmp.Compare(a.Line, b.Line) })
	return r.read, bounded(r.mistakes)
}

// What editors put at the beginning of a file.
const (
	utf8BOM    = "\xef\xbb\xbf" // Notepad: "UTF-8 with BOM"
	utf16leBOM = "\xff\xfe"     // Notepad: "Unicode"
	utf16beBOM = "\xfe\xff"
)

// unreadable says why data is no text, nil if it is.
func unreadable(data []byte) *Mistake {
	const untilThen = "; until then nothing in it is read"
	switch {
	case len(data) > MaxFileBytes:
		return &Mistake{Right: fmt.Sprintf("it is larger than %d KiB: it must be the file that came with the card, with your changes%s", MaxFileBytes>>10, untilThen)}
	case bytes.HasPrefix(data, []byte(utf16leBOM)), bytes.HasPrefix(data, []byte(utf16beBOM)):
		return &Mistake{Right: "it is saved as UTF-16: save it again as UTF-8" + untilThen}
	case !utf8.Valid(data):
		return &Mistake{Line: 1 + bytes.Count(data[:validPrefix(data)], []byte("\n")), Right: "a letter here is not in UTF-8: save the file again as UTF-8" + untilThen}
	}
	return nil
}

// validPrefix returns how many bytes of data, which has others, are UTF-8.
func validPrefix(data []byte) int {
	n := 0
	for {
		r, size := utf8.DecodeRune(data[n:])
		if r == utf8.RuneError && size <= 1 {
			return n
		}
		n += size
	}
}

// state is what the file said of a setting.
type state struct {
	line  int  // where it stood first
	wrong bool // there was a mistake in it
}

// reader goes through a file.
type reader struct {
	parser   unstable.Parser
	base     Settings
	read     Settings
	mistakes []Mistake

	offset, line int // so far: bytes, and ends of lines in them

	path     []string       // of the section we are in; nil before the first
	skip     bool           // the section does not exist: so far, that was said once
	sections map[string]int // the line of each section so far
	seen     map[*key]state
	unknown  bool // there are names that do not exist
}

func (r *reader) mistake(line int, key, value, right string) {
	r.mistakes = append(r.mistakes, Mistake{Line: line, Key: key, Value: value, Right: right})
}

// section reads [name].
func (r *reader) section(node *unstable.Node) {
	var line int
	r.path, line = r.names(node.Key())
	name := display(r.path)
	r.skip = len(r.path) != 1 || !slices.Contains(sections, r.path[0])
	first, again := r.sections[name]
	switch {
	case r.skip:
		r.unknown = true
		r.mistake(line, "["+name+"]", "", noSuchSection(name))
	case node.Kind == unstable.ArrayTable:
		r.mistake(line, "[["+name+"]]", "", fmt.Sprintf("it must be written [%s]", name))
	case again:
		r.mistake(line, "["+name+"]", "", fmt.Sprintf("it is already in line %d: put the settings of both together", first))
	}
	if !again {
		r.sections[name] = line
	}
}

// setting reads name = value.
func (r *reader) setting(node *unstable.Node) {
	if r.skip {
		return
	}
	written, line := r.names(node.Key())
	path := slices.Concat(r.path, written)
	var k *key
	if len(path) == 2 {
		k = findKey(path[0], path[1])
	}
	if k == nil {
		r.unknown = true
		r.mistake(line, display(written), "", noSuchKey(path))
		return
	}
	was, again := r.seen[k]
	if again {
		r.seen[k] = state{line: was.line, wrong: true}
		k.copyValue(&r.read, &r.base)
		r.mistake(line, display(written), "", fmt.Sprintf("it is already in line %d: keep one of the two", was.line))
		return
	}
	err := k.set(&r.read, node.Value())
	r.seen[k] = state{line: line, wrong: err != nil}
	if err != nil {
		k.copyValue(&r.read, &r.base)
		r.mistake(line, display(written), k.display(node.Value()), err.Error())
	}
}

// names returns a name with its parts, and its line.
func (r *reader) names(it unstable.Iterator) (path []string, line int) {
	for it.Next() {
		if path == nil {
			line = r.lineOf(int(it.Node().Raw.Offset))
		}
		path = append(path, string(it.Node().Data))
	}
	return path, line
}

// lineOf returns the line of the byte at that offset, which is not before that
// of the call before. The parser's own Shape counts from the beginning each
// time: in a file of short lines, that takes seconds.
func (r *reader) lineOf(offset int) int {
	r.line += bytes.Count(r.parser.Data()[r.offset:offset], []byte("\n"))
	r.offset = offset
	return 1 + r.line
}

// unmentioned settles what the file does not have.
func (r *reader) unmentioned() {
	if !r.unknown {
		return
	}
	for _, k := range keys {
		if _, ok := r.seen[k]; !ok {
			k.copyValue(&r.read, &r.base)
		}
	}
}

// channel checks what depends on two settings. Where the host did not write the
// channel, there is no mistake of theirs to tell.
func (r *reader) channel() {
	err := checkChannel(r.read.WiFi.Channel, r.read.WiFi.Country)
	if err == nil {
		return
	}
	if was, ok := r.seen[wifiChannel]; ok && !was.wrong {
		r.mistake(was.line, wifiChannel.name, wifiChannel.format(&r.read), err.Error())
	}
	r.read.WiFi.Channel = r.base.WiFi.Channel
	if checkChannel(r.read.WiFi.Channel, r.read.WiFi.Country) != nil {
		r.read.WiFi.Channel = Default().WiFi.Channel
	}
}

// set gives the setting the value, or says what would be right.
func (k *key) set(s *Settings, value *unstable.Node) error {
	if k.text != nil {
		if value.Kind != unstable.String {
			return errors.New(`it must be text between "straight quotation marks"`)
		}
		text, err := k.clean(string(value.Data))
		if err == nil {
			*k.text(s) = text
		}
		return err
	}
	if value.Kind != unstable.Integer {
		return fmt.Errorf("it must be a whole number without quotation marks, %d to %d", k.least, k.most)
	}
	// Base 0 knows what TOML knows: 0x10, 1_000. A number out of all bounds
	// becomes the last one within them, and is out of ours.
	n, _ := strconv.ParseInt(string(value.Data), 0, 64)
	if err := k.checkNumber(n); err != nil {
		return err
	}
	*k.number(s) = int(n)
	return nil
}

// display returns a value as it is shown in a Mistake.
func (k *key) display(value *unstable.Node) string {
	switch {
	case k.secret:
		return ""
	case value.Kind == unstable.String:
		return strconv.Quote(shown(string(value.Data)))
	case value.Kind == unstable.Array:
		return "[…]"
	case value.Kind == unstable.InlineTable:
		return "{…}"
	}
	return shown(string(value.Data))
}
