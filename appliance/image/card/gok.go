package card

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"warren/appliance/image/tool"
)

// Gok builds the instance with the gok that go.mod pins, from the sources of the
// module in the directory module, into file: a whole card, with Go's half of
// the root file system in it. It works in the directory work, which is empty.
// The programs in it depend on the sources, Go's version and at alone.
func Gok(ctx context.Context, i *Instance, module, work, file string, at time.Time) error {
	if err := i.write(filepath.Join(work, "instances"), module); err != nil {
		return err
	}
	out, err := tool.Command{Program: "go", Args: []string{"tool", "-n", "gok"}, Dir: module}.Run(ctx)
	if err != nil {
		return err
	}
	gok := strings.TrimSpace(out)
	tmp := filepath.Join(work, "tmp") // what gok leaves behind goes away with it
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return err
	}
	// gok lets Go change go.mod and go.sum when something is missing there:
	// then the pins are not complete, and the image is not the commit's.
	pins, err := readPins(module)
	if err != nil {
		return err
	}
	_, err = tool.Command{
		Program: gok,
		Args: []string{"--parent_dir", filepath.Join(work, "instances"), "-i", i.Hostname,
			"overwrite", "--full", file, "--target_storage_bytes", strconv.FormatInt(Size, 10)},
		Dir: module,
		Env: []string{
			"GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0", "TMPDIR=" + tmp,
			"GOFLAGS=" + strings.TrimSpace(os.Getenv("GOFLAGS")+" -trimpath -buildvcs=false "+
				"-ldflags=-X=main.buildTimestamp="+at.UTC().Format(time.RFC3339)),
		},
	}.Run(ctx)
	if err != nil {
		return err
	}
	after, err := readPins(module)
	if err == nil && !bytes.Equal(pins, after) {
		err = fmt.Errorf("building the image changed go.mod or go.sum: a package of gokrazy-instance/warren/config.json is not in gokrazy-instance/packages.go, or `go mod tidy` was not run")
	}
	return err
}

func readPins(module string) ([]byte, error) {
	mod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return nil, err
	}
	sum, err := os.ReadFile(filepath.Join(module, "go.sum"))
	return append(mod, sum...), err
}
