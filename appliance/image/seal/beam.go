package seal

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// keptChunks are the chunks of a module's file that the emulator loads and code
// asks for: those that OTP's own beam_lib:strip/1 keeps, and Attr, the module's
// attributes, in which RabbitMQ finds its boot steps. Debugging information
// and documentation are the larger half of a file.
var keptChunks = []string{
	"Atom", "AtU8", "Attr", "Code", "ExpT", "FunT", "ImpT", "Line", "LitT", "Meta", "StrT", "Type",
}

// Every module has these.
var neededChunks = []string{"AtU8", "Code", "ExpT", "ImpT", "StrT"}

// beamError is what is wrong with a module.
type beamError struct {
	path string
	err  error
}

func (e *beamError) Error() string {
	return fmt.Sprintf("%s is no module of Erlang: %v", e.path, e.err)
}
func (e *beamError) Unwrap() error { return e.err }

// StripBeam returns a module without what only debuggers and compilers read,
// uncompressed, since the file system compresses better. A module's file is an
// IFF form: "FOR1", its length, "BEAM", and chunks: a name, a length, the
// content, zeros up to a multiple of four. It is the same on all machines.
func StripBeam(beam []byte) ([]byte, error) {
	if bytes.HasPrefix(beam, []byte{0x1f, 0x8b}) {
		r, err := gzip.NewReader(bytes.NewReader(beam))
		if err != nil {
			return nil, err
		}
		if beam, err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
	chunks, err := parseBeam(beam)
	if err != nil {
		return nil, err
	}
	out := []byte("FOR1\x00\x00\x00\x00BEAM")
	for _, c := range chunks {
		if slices.Contains(keptChunks, c.name) {
			out = append(out, c.name...)
			out = binary.BigEndian.AppendUint32(out, uint32(len(c.content)))
			out = append(out, c.content...)
			out = append(out, make([]byte, padding(len(c.content)))...)
		}
	}
	binary.BigEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, nil
}

type chunk struct {
	name    string
	content []byte
}

// parseBeam returns the chunks of a module's file.
func parseBeam(beam []byte) ([]chunk, error) {
	if len(beam) < 12 || string(beam[:4]) != "FOR1" || string(beam[8:12]) != "BEAM" {
		return nil, errors.New("it does not begin as one")
	}
	if n := binary.BigEndian.Uint32(beam[4:]); uint64(n) > uint64(len(beam)-8) {
		return nil, errors.New("it is cut off")
	}
	var chunks []chunk
	var names []string
	for rest := beam[12:]; len(rest) > 0; {
		if len(rest) < 8 {
			return nil, errors.New("it is cut off")
		}
		name, n := string(rest[:4]), int(binary.BigEndian.Uint32(rest[4:]))
		if n > len(rest)-8 {
			return nil, fmt.Errorf("its chunk %q is cut off", name)
		}
		chunks = append(chunks, chunk{name, rest[8 : 8+n]})
		names = append(names, name)
		rest = rest[min(len(rest), 8+n+padding(n)):]
	}
	for _, name := range neededChunks {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("it has no chunk %q", name)
		}
	}
	return chunks, nil
}

// padding returns how many zeros follow a chunk of n bytes.
func padding(n int) int { return -n & 3 }
