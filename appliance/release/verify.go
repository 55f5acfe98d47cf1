package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"aead.dev/minisign"
	cdx "github.com/CycloneDX/cyclonedx-go"

	"warren/appliance/image/card"
	"warren/appliance/image/debian"
	"warren/appliance/image/tool"
	"warren/appliance/settings"
)

// verify checks the files of a release in dir: that they are what was signed with
// the key, that they belong together, and that the image is a card without
// secrets.
func verify(ctx context.Context, dir, key string, log io.Writer) error {
	checksums, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if err != nil {
		return err
	}
	v := verifier{ctx: ctx, dir: dir, trusted: key != ""}
	v.work, err = os.MkdirTemp(dir, "verify-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(v.work)
	own := ""
	if key == "" {
		key, own = v.path(keyFile), " (the release's own: compare it with the one that you know)"
	}
	if err := checkSignature(v.path(signatureFile), checksums, key); err != nil {
		return err
	}
	fmt.Fprintf(log, "the signature is that of %s%s\n", key, own)
	names, err := checkSums(dir, checksums)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "%d files are what was signed\n", len(names))
	if err := v.findVersion(names); err != nil {
		return err
	}
	for _, check := range []struct {
		name string
		do   func() (string, error)
	}{
		{"manifest", v.manifest}, {"image", v.image}, {"bill of materials", v.bom}, {"programs", v.programs},
	} {
		said, err := check.do()
		if err != nil {
			return fmt.Errorf("%s: %w", check.name, err)
		}
		fmt.Fprintf(log, "%s: %s\n", check.name, said)
	}
	return nil
}

func checkSignature(file string, checksums []byte, key string) error {
	public, err := publicKey(key)
	if err != nil {
		return err
	}
	signature, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !minisign.Verify(public, checksums, signature) {
		return fmt.Errorf("the signature of %s is not that of the key: use nothing of this release", sumsFile)
	}
	return nil
}

// verifier looks into the files of a release, whose checksums are right.
type verifier struct {
	ctx       context.Context
	dir, work string
	version   string
	trusted   bool // the key is not the release's own
}

func (v *verifier) path(name string) string { return filepath.Join(v.dir, name) }

// findVersion finds the version by the image's name, and checks that all files of
// it are there.
func (v *verifier) findVersion(names []string) error {
	for _, name := range names {
		if after, ok := strings.CutPrefix(name, "warren-"); ok && strings.HasSuffix(after, ".img.xz") {
			v.version = strings.TrimSuffix(after, ".img.xz")
		}
	}
	if v.version == "" {
		return fmt.Errorf("%s has no image", sumsFile)
	}
	for _, name := range files(v.version) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s does not have %s", sumsFile, name)
		}
	}
	return nil
}

// manifest checks that what Imager is told is so.
func (v *verifier) manifest() (string, error) {
	text, err := os.ReadFile(v.path(manifestFile))
	if err != nil {
		return "", err
	}
	var m manifest
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return "", err
	}
	if len(m.OSList) != 1 || len(m.Imager.Devices) == 0 || m.Imager.DefaultOS != m.OSList[0].Name {
		return "", errors.New("it must have one system, which is the default, and boards")
	}
	s := m.OSList[0]
	if s.InitFormat != "none" {
		return "", fmt.Errorf("init_format is %q: Imager would ask for what the card does not have", s.InitFormat)
	}
	u, err := url.Parse(s.URL)
	if err != nil || path.Base(u.Path) != imageFile(v.version) {
		return "", fmt.Errorf("it leads to %s (%v)", s.URL, err)
	}
	compressed, err := stat(v.path(imageFile(v.version)))
	if err != nil {
		return "", err
	}
	if got := (blob{s.DownloadSize, s.DownloadSHA256}); got != compressed {
		return "", fmt.Errorf("of the compressed image it says %v, which is %v", got, compressed)
	}
	image, err := extract(v.ctx, v.path(imageFile(v.version)), v.imageFile(), card.Size)
	if err != nil {
		return "", err
	}
	if got := (blob{s.ExtractSize, s.ExtractSHA256}); got != image {
		return "", fmt.Errorf("of the image it says %v, which is %v", got, image)
	}
	return fmt.Sprintf("sizes and hashes of %s are right, compressed (%d bytes) and not (%d)", imageFile(v.version), compressed.size, image.size), nil
}

// imageFile is the image as it is flashed: manifest extracts it.
func (v *verifier) imageFile() string { return filepath.Join(v.work, "warren.img") }

// chatdFile and bomInRoot are files of the root file system.
const (
	chatdFile = "/user/chatd"
	bomInRoot = "/usr/share/doc/warren/bom.cdx.json"
)

// image checks the card, that its root file system is the one for updates, that it
// is of this version, and that no host's code is in it.
func (v *verifier) image() (string, error) {
	r, err := card.Check(v.ctx, v.imageFile(), v.work, []string{chatdFile, bomInRoot}, []string{settings.FileName, settings.HostCodeName})
	if err != nil {
		return "", err
	}
	root, err := os.Stat(v.path(rootFile(v.version)))
	if err != nil {
		return "", err
	}
	sum, err := debian.SHA256File(v.path(rootFile(v.version)))
	if err != nil {
		return "", err
	}
	if same, err := card.HasRoot(v.imageFile(), root.Size(), sum); err != nil || !same {
		return "", errors.Join(fmt.Errorf("%s is not its root file system", rootFile(v.version)), err)
	}
	if err := card.HoldsNoHostCode(v.ctx, v.imageFile(), v.work); err != nil {
		return "", err
	}
	chatd, err := v.fromRoot(chatdFile)
	if err != nil {
		return "", err
	}
	if !holdsVersion(string(chatd), v.version) {
		return "", fmt.Errorf("its chatd does not say that it is %s", v.version)
	}
	return fmt.Sprintf("a card of %s with %d MiB free on the boot partition, and without a host's code", v.version, r.BootFree>>20), nil
}

// holdsVersion reports whether a program of Go's was linked with a version. That of
// a module, which stands between tabs in its list of modules, does not count.
func holdsVersion(program, version string) bool {
	return strings.Contains(strings.ReplaceAll(program, "\t"+version+"\t", ""), version)
}

// fromRoot returns a file of the root file system.
func (v *verifier) fromRoot(name string) ([]byte, error) {
	out, err := tool.Run(v.ctx, "unsquashfs", "-cat", v.path(rootFile(v.version)), strings.TrimPrefix(name, "/"))
	return []byte(out), err
}

// bom checks that the bill of materials is that of the image.
func (v *verifier) bom() (string, error) {
	text, err := os.ReadFile(v.path(bomFile(v.version)))
	if err != nil {
		return "", err
	}
	inRoot, err := v.fromRoot(bomInRoot)
	if err != nil {
		return "", err
	}
	if string(text) != string(inRoot) {
		return "", errors.New("it is not the one in the image")
	}
	var b cdx.BOM
	if err := cdx.NewBOMDecoder(strings.NewReader(string(text)), cdx.BOMFileFormatJSON).Decode(&b); err != nil {
		return "", err
	}
	if b.Metadata == nil || b.Metadata.Component == nil || b.Metadata.Component.Version != v.version || b.Components == nil {
		return "", fmt.Errorf("it is not of %s", v.version)
	}
	return fmt.Sprintf("%d components", len(*b.Components)), nil
}

// programs checks the archives of the daemons, and runs those for this machine.
func (v *verifier) programs() (string, error) {
	var ran []string
	for _, arch := range architectures {
		file := daemonsFile(v.version, arch)
		dir := filepath.Join(v.work, arch)
		names, err := unpack(v.path(file), dir)
		if err != nil {
			return "", fmt.Errorf("%s: %w", file, err)
		}
		for _, name := range append([]string{"LICENSE"}, daemons...) {
			if !slices.Contains(names, name) {
				return "", fmt.Errorf("%s does not have %s", file, name)
			}
		}
		if arch != runtime.GOARCH || !v.trusted {
			continue // nothing is run that may be anybody's
		}
		for _, name := range daemons {
			said, err := tool.Run(v.ctx, filepath.Join(dir, name), "-version")
			if err != nil || !strings.HasPrefix(said, name+" "+v.version+" ") {
				return "", fmt.Errorf("%s says that it is %q (%v)", name, said, err)
			}
			ran = append(ran, strings.TrimSpace(said))
		}
	}
	if !v.trusted {
		ran = []string{"none is run without a key"}
	}
	return fmt.Sprintf("for linux %s; here %s", strings.Join(architectures, ", "), strings.Join(ran, ", ")), nil
}

// unpack unpacks the files of a .tar.gz of pack into dir, without its folder, and
// returns their names.
func unpack(file, dir string) (names []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		_, name, _ := strings.Cut(h.Name, "/")
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return nil, err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		if err := root.WriteFile(name, content, h.FileInfo().Mode().Perm()); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
}
