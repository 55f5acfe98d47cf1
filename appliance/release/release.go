package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"warren/appliance/image/debian"
	"warren/appliance/image/tool"
)

// source is the checkout that a release is made from.
type source struct {
	module string    // its directory
	at     time.Time // the time of everything in the release: the commit's
}

// checkout returns the checkout that the program runs in. It must be as it was
// committed: else nobody could make the same again.
func checkout(ctx context.Context) (source, error) {
	gomod, err := tool.Run(ctx, "go", "env", "GOMOD")
	if err != nil {
		return source{}, err
	}
	s := source{module: filepath.Dir(strings.TrimSpace(gomod))}
	changed, err := tool.Run(ctx, "git", "-C", s.module, "status", "--porcelain")
	if err != nil {
		return s, err
	}
	if changed != "" {
		return s, fmt.Errorf("the checkout is not as it was committed: commit or remove what `git status` shows:\n%s", strings.TrimRight(changed, "\n"))
	}
	out, err := tool.Run(ctx, "git", "-C", s.module, "log", "-1", "--format=%ct")
	if err != nil {
		return s, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	s.at = time.Unix(seconds, 0)
	return s, err
}

// notes returns what CHANGELOG.md has of a version.
func (s source) notes(version string) (string, error) {
	changelog, err := os.ReadFile(filepath.Join(s.module, "CHANGELOG.md"))
	if err != nil {
		return "", err
	}
	return notes(string(changelog), version)
}

// release makes all files of a release. What can be wrong is found before anything
// is built.
func release(ctx context.Context, o *options, log io.Writer) error {
	s, err := checkout(ctx)
	if err != nil {
		return err
	}
	if _, err := s.notes(o.version); err != nil {
		return err
	}
	if _, err := secretKey(); err != nil {
		return err
	}
	if err := empty(o.dir); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(o.dir), "release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	image := filepath.Join(work, "warren.img")
	// A release is what was tested, and what others can make again: the lock.
	_, err = tool.Command{
		Program: "go", Dir: s.module,
		Args:   []string{"run", "./appliance/image", "-locked", "-release", o.version, "-o", image},
		Stdout: func(r io.Reader) error { _, err := io.Copy(log, r); return err },
	}.Run(ctx)
	if err != nil {
		return err
	}
	return s.pack(ctx, o, image, xzFlags, log)
}

// empty makes the folder for the files, without those of an earlier release. It
// removes nothing else.
func empty(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, "warren-v") && !slices.Contains([]string{sumsFile, signatureFile, notesFile, keyFile, manifestFile, iconFile}, name) {
			return fmt.Errorf("%s has %s in it, which is no file of a release: name another folder with -o", dir, name)
		}
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// pack writes all files of a release that has this image: beside it are its root
// file system and its bill of materials.
func (s source) pack(ctx context.Context, o *options, image string, xz []string, log io.Writer) error {
	path := func(name string) string { return filepath.Join(o.dir, name) }
	key, err := secretKey()
	if err != nil {
		return err
	}
	text, err := s.notes(o.version)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path(notesFile), []byte(text), 0o644); err != nil {
		return err
	}
	for from, to := range map[string]string{
		image + ".root":                         rootFile(o.version),
		image + ".cdx.json":                     bomFile(o.version),
		filepath.Join(s.module, "web/icon.svg"): iconFile,
	} {
		if err := copyFile(from, path(to)); err != nil {
			return err
		}
	}
	if err := compress(ctx, image, path(imageFile(o.version)), xz); err != nil {
		return err
	}
	for _, arch := range architectures {
		if err := buildDaemons(ctx, s.module, o.version, arch, path(daemonsFile(o.version, arch)), s.at); err != nil {
			return err
		}
	}
	if err := s.writeManifest(o, image, log); err != nil {
		return err
	}
	checksums, err := sums(o.dir, files(o.version))
	if err != nil {
		return err
	}
	signature, public, err := sign(key, o.version, checksums)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{sumsFile: checksums, signatureFile: signature, keyFile: public} {
		if err := os.WriteFile(path(name), content, 0o644); err != nil {
			return err
		}
	}
	return list(o.dir, log)
}

// writeManifest writes the manifest for Raspberry Pi Imager.
func (s source) writeManifest(o *options, image string, log io.Writer) error {
	url := o.url
	if url == "" {
		dir, err := filepath.Abs(o.dir)
		if err != nil {
			return err
		}
		url = "file://" + dir
		fmt.Fprintf(log, "The manifest is for this machine alone: with -url it is for those who download.\n")
	}
	compressed, err := stat(filepath.Join(o.dir, imageFile(o.version)))
	if err != nil {
		return err
	}
	plain, err := stat(image)
	if err != nil {
		return err
	}
	text, err := newManifest(o.version, url, o.website, s.at, compressed, plain)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.dir, manifestFile), text, 0o644)
}

// stat returns the size and the hash of a file.
func stat(name string) (blob, error) {
	info, err := os.Stat(name)
	if err != nil {
		return blob{}, err
	}
	sum, err := debian.SHA256File(name)
	return blob{info.Size(), sum}, err
}

// list says which files there are.
func list(dir string, log io.Writer) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(log, "%12d  %s\n", info.Size(), e.Name())
	}
	return nil
}
