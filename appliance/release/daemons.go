package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"warren/appliance/image/bom"
	"warren/appliance/image/tool"
)

// daemons are the programs for Linux machines that are no card.
var daemons = []string{"chatd", "ledstatus"}

// buildDaemons builds the daemons for an architecture, and packs them with the
// licences of all that they are made of, into file. The same sources and version
// give the same bytes.
func buildDaemons(ctx context.Context, module, version, arch, file string, at time.Time) error {
	dir, err := os.MkdirTemp(filepath.Dir(file), "daemons-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -X warren/chatd/daemon.version=" + version, "-o", dir + "/"}
	for _, name := range daemons {
		args = append(args, "./"+name)
	}
	_, err = tool.Command{
		Program: "go", Args: args, Dir: module,
		// GOARM=6: also the first Raspberry Pi.
		Env: []string{"GOOS=linux", "GOARCH=" + arch, "GOARM=6", "CGO_ENABLED=0"},
	}.Run(ctx)
	if err != nil {
		return err
	}
	var entries []entry
	for _, name := range daemons {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		entries = append(entries, entry{name, 0o755, content})
	}
	licence, err := os.ReadFile(filepath.Join(module, "LICENSE"))
	if err != nil {
		return err
	}
	entries = append(entries, entry{"LICENSE", 0o644, licence})
	modules, err := bom.Modules(ctx, dir, module)
	if err != nil {
		return err
	}
	for _, m := range modules {
		text, err := m.Licence()
		if err != nil {
			return err
		}
		entries = append(entries, entry{"licences/" + m.Path + "/LICENSE", 0o644, text})
	}
	return pack(file, strings.TrimSuffix(filepath.Base(file), ".tar.gz"), entries, at)
}

// entry is a file in an archive.
type entry struct {
	name    string
	mode    int64
	content []byte
}

// pack writes entries into a .tar.gz, in a folder of that name.
func pack(file, folder string, entries []entry, at time.Time) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out)
	t := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: folder + "/" + e.name, Mode: e.mode, Size: int64(len(e.content)), ModTime: at, Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return errors.Join(err, out.Close())
		}
		if _, err := t.Write(e.content); err != nil {
			return errors.Join(err, out.Close())
		}
	}
	return errors.Join(t.Close(), z.Close(), out.Close())
}
