package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/go-text/typesetting/font"
)

// fontTables are what is kept of a TrueType font: what is needed to draw a
// character where it is told to be. Without are the hints for small sizes, what
// is for vertical lines, and what changes one glyph into another (OpenType 1.9,
// "The OpenType Font File").
var fontTables = []string{"OS/2", "cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "post"}

// subset returns a TrueType font that draws no more characters than those that
// keep wants. Those without have no outline any more.
func subset(ttf []byte, keep func(rune) bool) ([]byte, error) {
	face, err := font.ParseTTF(bytes.NewReader(ttf))
	if err != nil {
		return nil, err
	}
	tables, err := tablesOf(ttf)
	if err != nil {
		return nil, err
	}
	outlines, err := outlinesOf(tables)
	if err != nil {
		return nil, err
	}
	wanted := make([]bool, len(outlines))
	var want func(id int) error
	want = func(id int) error {
		if id >= len(outlines) {
			return fmt.Errorf("there is no glyph %d", id)
		}
		if wanted[id] {
			return nil
		}
		wanted[id] = true
		parts, err := partsOf(outlines[id])
		for _, part := range parts {
			err = errors.Join(err, want(part))
		}
		return err
	}
	err = want(0) // for what is missing
	for chars := face.Cmap.Iter(); chars.Next(); {
		if r, id := chars.Char(); keep(r) {
			err = errors.Join(err, want(int(id)))
		}
	}
	if err != nil {
		return nil, err
	}
	var glyf, loca []byte
	for id, outline := range outlines {
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		if wanted[id] {
			glyf = pad(append(glyf, outline...))
		}
	}
	tables["glyf"], tables["loca"] = glyf, binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	head := slices.Clone(tables["head"])
	binary.BigEndian.PutUint16(head[50:], 1) // indexToLocFormat: 32 bits
	tables["head"] = head
	return join(tables), nil
}

// tablesOf returns the tables of a font, by their tags.
func tablesOf(ttf []byte) (map[string][]byte, error) {
	tables := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(ttf[4:])) {
		at := 12 + 16*i
		if at+16 > len(ttf) {
			return nil, errors.New("its table of tables is cut")
		}
		offset, length := uint64(binary.BigEndian.Uint32(ttf[at+8:])), uint64(binary.BigEndian.Uint32(ttf[at+12:]))
		if offset+length > uint64(len(ttf)) {
			return nil, fmt.Errorf("its table %.4q is cut", ttf[at:at+4])
		}
		tables[string(ttf[at:at+4])] = ttf[offset : offset+length]
	}
	for tag, least := range map[string]int{"glyf": 0, "loca": 4, "head": 54, "maxp": 6} {
		if table, ok := tables[tag]; !ok || len(table) < least {
			return nil, fmt.Errorf("it has no table %q: it is no TrueType font", tag)
		}
	}
	return tables, nil
}

// outlinesOf returns the outline of each glyph.
func outlinesOf(tables map[string][]byte) ([][]byte, error) {
	loca, glyf := tables["loca"], tables["glyf"]
	at := func(i int) uint64 { return 2 * uint64(binary.BigEndian.Uint16(loca[2*i:])) }
	size := 2
	if binary.BigEndian.Uint16(tables["head"][50:]) == 1 {
		at, size = func(i int) uint64 { return uint64(binary.BigEndian.Uint32(loca[4*i:])) }, 4
	}
	n := int(binary.BigEndian.Uint16(tables["maxp"][4:]))
	if len(loca) < size*(n+1) {
		return nil, errors.New("its table \"loca\" is cut")
	}
	outlines := make([][]byte, n)
	for i := range outlines {
		from, to := at(i), at(i+1)
		if from > to || to > uint64(len(glyf)) {
			return nil, fmt.Errorf("its glyph %d is cut", i)
		}
		outlines[i] = glyf[from:to]
	}
	return outlines, nil
}

// partsOf returns the glyphs that an outline is put together of: none if it has
// contours of its own (OpenType 1.9, "glyf", composite glyph description).
func partsOf(outline []byte) (parts []int, err error) {
	const (
		words, scale, more, xyScale, matrix = 1, 8, 0x20, 0x40, 0x80
		header                              = 10
	)
	if len(outline) < header || int16(binary.BigEndian.Uint16(outline)) >= 0 {
		return nil, nil
	}
	for at := header; ; {
		if at+4 > len(outline) {
			return nil, errors.New("a glyph that is put together is cut")
		}
		flags := binary.BigEndian.Uint16(outline[at:])
		parts = append(parts, int(binary.BigEndian.Uint16(outline[at+2:])))
		if flags&more == 0 {
			return parts, nil
		}
		at += 6
		if flags&words != 0 {
			at += 2
		}
		switch {
		case flags&scale != 0:
			at += 2
		case flags&xyScale != 0:
			at += 4
		case flags&matrix != 0:
			at += 8
		}
	}
}

// join makes a font of fontTables, those that there are.
func join(tables map[string][]byte) []byte {
	var tags []string
	for _, tag := range fontTables {
		if tables[tag] != nil {
			tags = append(tags, tag)
		}
	}
	n := len(tags)
	power := 1
	for 2*power <= n {
		power *= 2
	}
	shift := 0
	for 1<<(shift+1) <= n {
		shift++
	}
	out := []byte{0, 1, 0, 0}
	for _, v := range []int{n, 16 * power, shift, 16 * (n - power)} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	var body []byte
	head := 0 // where it is
	for _, tag := range tags {
		table := tables[tag]
		offset := 12 + 16*n + len(body)
		if tag == "head" {
			head = offset
			table = slices.Clone(table)
			binary.BigEndian.PutUint32(table[8:], 0) // checksumAdjustment, below
		}
		out = append(out, tag...)
		for _, v := range []uint32{sum(table), uint32(offset), uint32(len(table))} {
			out = binary.BigEndian.AppendUint32(out, v)
		}
		body = pad(append(body, table...))
	}
	out = append(out, body...)
	binary.BigEndian.PutUint32(out[head+8:], 0xB1B0AFBA-sum(out))
	return out
}

// sum returns the checksum of a table.
func sum(table []byte) uint32 {
	var s uint32
	for table = pad(slices.Clone(table)); len(table) > 0; table = table[4:] {
		s += binary.BigEndian.Uint32(table)
	}
	return s
}

func pad(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }
