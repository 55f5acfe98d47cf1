package mend

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// tear is one way to damage the newest pair of a stream.
type tear struct {
	ext  string
	size int64
}

func (c tear) String() string { return fmt.Sprintf("%s of %d bytes", c.ext, c.size) }

// apply damages the newest pair in the folder of a stream.
func (c tear) apply(log string) error {
	all, err := pairs(log)
	if err != nil {
		return err
	}
	return os.Truncate(filepath.Join(log, all[len(all)-1].name+c.ext), c.size)
}

// TestBrokerOpensWhatIsMended tears what a real node has written at every
// length of its newest index, and at some of its newest segment, and has a real
// node open some of it.
func TestBrokerOpensWhatIsMended(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	const messages = 380
	dir, log := written(t, messages)
	was, err := check(dir + log)
	if err != nil {
		t.Fatalf("what RabbitMQ wrote: %v", err)
	}
	all, err := pairs(dir + log)
	if err != nil {
		t.Fatal(err)
	}
	newest := filepath.Join(dir+log, all[len(all)-1].name)
	index, segment := size(t, newest+indexExt), size(t, newest+segmentExt)
	var tears []tear
	for n := range index {
		tears = append(tears, tear{indexExt, n})
	}
	for n := int64(0); n < segment; n += 1 + segment/200 {
		tears = append(tears, tear{segmentExt, n})
	}
	for _, c := range tears {
		torn := t.TempDir()
		copyTree(t, dir+log, torn)
		if err := c.apply(torn); err != nil {
			t.Fatal(err)
		}
		mended(t, torn, was)
	}
	t.Logf("%d lengths of %d chunks mended", len(tears), len(was))
	for _, c := range sampleTears(index, segment) {
		torn := t.TempDir()
		copyTree(t, dir, torn)
		if err := c.apply(torn + log); err != nil {
			t.Fatal(err)
		}
		if _, err := Streams(t.Context(), torn); err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		got, err := usable(t.Context(), torn, patience)
		if err != nil {
			t.Errorf("%v: the mended stream is not usable: %v", c, err)
			continue
		}
		if c.ext == indexExt && len(got) != messages {
			t.Errorf("%v: %d messages, want all %d", c, len(got), messages)
		}
		for i, text := range got {
			if text != body(i+1) {
				t.Errorf("%v: message %d is %q", c, i+1, text)
				break
			}
		}
		t.Logf("%v: %d messages", c, len(got))
	}
}

// sampleTears are twelve tears: none of a file, its header, a record or a chunk
// torn at its first byte, in the middle and at its last.
func sampleTears(index, segment int64) []tear {
	return []tear{
		{indexExt, 0}, {indexExt, 5}, {indexExt, 8}, {indexExt, 8 + 28}, {indexExt, index / 2},
		{indexExt, index - 29}, {indexExt, index - 28}, {indexExt, index - 1},
		{segmentExt, 0}, {segmentExt, 30}, {segmentExt, segment / 2}, {segmentExt, segment - 1},
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
