package boards

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Image is what a board reads of an image.
type Image struct {
	Boot fs.FS // the boot partition
	Root fs.FS // the root file system: lib/modules and lib/firmware of it; its links lead within it, as os.Root has it
}

// Row is what a board gets for one of its radios.
type Row struct {
	Board
	Radio
	Found
}

// Lacks tells whether the radio does not work with this image.
func (r Row) Lacks() bool { return r.Firmware == "" || r.NVRAM == "" }

// Check reads the image as each board does. The error has a line for each thing that
// a board would miss, with its name and the file's. A row may lack the files of a
// radio that somebody must bring.
func (i Image) Check() ([]Row, error) {
	config, cmdline, err := i.settings()
	if err != nil {
		return nil, err
	}
	errs := []error{i.checkKernel(config["kernel"]), i.checkDriver()}
	var rows []Row
	for _, b := range All {
		found, err := i.check(b, cmdline)
		rows = append(rows, found...)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				errs = append(errs, fmt.Errorf("on a Pi %s: %s", b.Name, line))
			}
		}
	}
	return rows, errors.Join(errs...)
}

// check is Check for one board.
func (i Image) check(b Board, cmdline string) ([]Row, error) {
	var errs []error
	for _, file := range slices.Concat(b.Loader, b.Overlays) {
		if info, err := fs.Stat(i.Boot, file); err != nil {
			errs = append(errs, lacks(file, err))
		} else if info.Size() == 0 {
			errs = append(errs, fmt.Errorf("%s is empty", file))
		}
	}
	for _, name := range b.Trees {
		tree, err := i.readTree(name)
		if err == nil {
			err = b.checkTree(name, tree, cmdline)
		}
		errs = append(errs, err)
	}
	var rows []Row
	for _, r := range b.Radios {
		found, err := r.files(i.Root, b.Compatible)
		rows = append(rows, Row{b, r, found})
		// Nothing of it, or all of it.
		if err != nil && !(r.Brought && found == Found{}) {
			errs = append(errs, fmt.Errorf("radio %s: %w", r.Chip, err))
		}
	}
	return rows, errors.Join(errs...)
}

// settings returns what config.txt says to all boards, and the kernel's command line.
func (i Image) settings() (config map[string]string, cmdline string, err error) {
	text, err := fs.ReadFile(i.Boot, "config.txt")
	if err != nil {
		return nil, "", lacks("config.txt", err)
	}
	config = map[string]string{"kernel": "kernel8.img", "cmdline": "cmdline.txt"}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			config[key] = value
		}
	}
	line, err := fs.ReadFile(i.Boot, config["cmdline"])
	if err != nil {
		return nil, "", lacks(config["cmdline"], err)
	}
	first, _, _ := bytes.Cut(line, []byte("\n"))
	return config, string(bytes.TrimRight(first, " \x00")), nil
}

// checkKernel checks that the kernel is one for 64 bits, not compressed, which the
// loaders of all boards take (Documentation/arch/arm64/booting.rst).
func (i Image) checkKernel(name string) error {
	kernel, err := fs.ReadFile(i.Boot, name)
	if err != nil {
		return lacks(name, err)
	}
	if len(kernel) < 64 || string(kernel[56:60]) != "ARM\x64" {
		return fmt.Errorf("%s is no arm64 kernel", name)
	}
	return nil
}

func lacks(file string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("it lacks %s", file)
	}
	return fmt.Errorf("%s: %w", file, err)
}
