package card

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"warren/appliance/image/tool"
)

// Compress writes card's gzip file, card.gz, and card.sha256 with the SHA-256 of
// both as sha256sum -c reads it. It returns the compressed size.
func Compress(ctx context.Context, card string) (int64, error) {
	in, err := os.Open(card)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	plain := sha256.New()
	if _, err := io.CopyBuffer(plain, in, make([]byte, mib)); err != nil {
		return 0, err
	}
	out, err := os.Create(card + ".gz")
	if err != nil {
		return 0, err
	}
	packed := sha256.New()
	var size int64
	_, err = tool.Command{
		Program: "gzip", Args: []string{"-c", "-n", card}, // no name, no time in it
		Stdout: func(r io.Reader) (err error) {
			size, err = io.Copy(io.MultiWriter(out, packed), r)
			return err
		},
	}.Run(ctx)
	if err := errors.Join(err, out.Close()); err != nil {
		return 0, err
	}
	sums := fmt.Sprintf("%x  %s\n%x  %s\n", plain.Sum(nil), filepath.Base(card), packed.Sum(nil), filepath.Base(card)+".gz")
	return size, os.WriteFile(card+".sha256", []byte(sums), 0o644)
}
