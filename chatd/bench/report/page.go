package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// The page has a generated part between these lines. What people have written
// around it stays.
const (
	beginMark = "<!-- measured: make bench writes this part -->"
	endMark   = "<!-- end of what make bench writes -->"
)

// Files of a report, in the folder of the documentation.
const (
	PageName   = "benchmark.md"
	JSONName   = "benchmark.json"
	TalkChart  = "benchmark.svg"
	GrowChart  = "benchmark-clients.svg"
	RatesChart = "benchmark-messages.svg"
)

// Write writes the report into dir: the page's generated part, the JSON and the
// charts.
func (r *Report) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	page, err := os.ReadFile(filepath.Join(dir, PageName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if page, err = r.into(page); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	files := map[string][]byte{
		PageName:   page,
		JSONName:   append(text, '\n'),
		TalkChart:  r.talkChart(),
		GrowChart:  r.growChart(),
		RatesChart: r.ratesChart(),
	}
	for name, content := range files {
		if err := renameio.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// into returns page with the report in its generated part. A page without one
// gets it at its end.
func (r *Report) into(page []byte) ([]byte, error) {
	var part bytes.Buffer
	fmt.Fprintf(&part, "%s\n\n", beginMark)
	fmt.Fprintf(&part, "![Deliveries a second by number of clients](%s)\n\n![Latency by number of clients](%s)\n\n![Latency by messages a second](%s)\n\nDashed lines are plain text, where there is JSON, too. Times are from when a message was due to when the client had it.\n\n", TalkChart, GrowChart, RatesChart)
	r.Markdown(&part)
	fmt.Fprintf(&part, "\n%s", endMark)
	before, rest, found := bytes.Cut(page, []byte(beginMark))
	if !found {
		if len(page) > 0 {
			page = append(bytes.TrimRight(page, "\n"), "\n\n"...)
		}
		return append(append(page, part.Bytes()...), '\n'), nil
	}
	_, after, found := bytes.Cut(rest, []byte(endMark))
	if !found {
		return nil, fmt.Errorf("%s has the line %q but not %q after it", PageName, beginMark, endMark)
	}
	return bytes.Join([][]byte{before, part.Bytes(), after}, nil), nil
}
