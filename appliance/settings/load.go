package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
)

// Load reads the file at path, and never fails. lastGood is the path of a small
// file, on a disk that outlives a restart, in which it keeps what it returned:
// that stands where the file has a mistake, and for all settings if the file is
// missing or cannot be read. At the very first start, that is Default.
//
// Several processes may call it at the same time. They get the same settings.
func Load(path, lastGood string) (Settings, []Mistake) {
	data, err := readFile(path)
	return load(data, err, lastGood)
}

// load is Load of a file that was read, or not.
func load(data []byte, err error, lastGood string) (Settings, []Mistake) {
	base := readLastGood(lastGood)
	if err != nil {
		return base, []Mistake{missing(err)}
	}
	s, mistakes := Parse(data, base)
	// Also with mistakes: each value is now as written and right, or as it was,
	// so that the last good value of each setting is the one it had last.
	if s != base {
		if err := writeLastGood(lastGood, s); err != nil {
			slog.Warn("these settings are in force but could not be kept as the last good ones", "error", err)
		}
	}
	return s, mistakes
}

// missing says that there is no file, and why.
func missing(err error) Mistake {
	if errors.Is(err, fs.ErrNotExist) {
		return Mistake{Right: "it is missing: put it back on the card's boot partition, under exactly this name " +
			"(some editors add .txt); until then the last good settings stay"}
	}
	return Mistake{Right: fmt.Sprintf("it cannot be read, and the last good settings stay: %v", err)}
}

// readFile returns what is in the file, and at most one byte more than Parse
// takes.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
}
