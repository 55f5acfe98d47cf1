package mend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Streams mends the logs of all streams below a data folder of RabbitMQ. One
// that cannot be mended does not keep the others from it; the error names each
// of them.
func Streams(ctx context.Context, data string) ([]Report, error) {
	dirs, err := folders(data)
	if err != nil {
		return nil, fmt.Errorf("look for streams: %w", err)
	}
	var reports []Report
	var failed []error
	for _, dir := range dirs {
		if ctx.Err() != nil {
			return reports, errors.Join(append(failed, ctx.Err())...)
		}
		r, err := Log(dir)
		if err != nil {
			failed = append(failed, fmt.Errorf("the log in %s: %w", dir, err))
			continue
		}
		reports = append(reports, r)
	}
	return reports, errors.Join(failed...)
}

// folders lists the folders of streams: data holds one folder per node, and
// that one called stream.
func folders(data string) ([]string, error) {
	var dirs []string
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // no data yet
		case err != nil:
			return err
		case d.IsDir() && filepath.Base(filepath.Dir(path)) == "stream":
			if filepath.Ext(path) != asideExt {
				dirs = append(dirs, path)
			}
			return fs.SkipDir
		}
		return nil
	})
	return dirs, err
}
