package card

import (
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Compress writes card's gzip file, card.gz, and card.sha256 with the SHA-256 of
// both as sha256sum -c reads it. It returns the compressed size.
func Compress(card string) (int64, error) {
	in, err := os.Open(card)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.Create(card + ".gz")
	if err != nil {
		return 0, err
	}
	plain, packed := sha256.New(), sha256.New()
	z, err := gzip.NewWriterLevel(io.MultiWriter(out, packed), gzip.DefaultCompression) // no name, no time in it
	if err != nil {
		return 0, errors.Join(err, out.Close())
	}
	_, err = io.CopyBuffer(io.MultiWriter(z, plain), io.LimitReader(in, Size), make([]byte, mib))
	if err := errors.Join(err, z.Close(), out.Close()); err != nil {
		return 0, err
	}
	sums := fmt.Sprintf("%x  %s\n%x  %s\n", plain.Sum(nil), filepath.Base(card), packed.Sum(nil), filepath.Base(card)+".gz")
	if err := os.WriteFile(card+".sha256", []byte(sums), 0o644); err != nil {
		return 0, err
	}
	info, err := os.Stat(card + ".gz")
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
