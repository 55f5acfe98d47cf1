package chat

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
)

// Person is somebody in the room as the others see them.
type Person struct {
	ID   string `json:"id"`   // public id, derived from the device's secret; empty for an AMQP client
	Name string `json:"name"` // as CleanName returns it
}

// Limits of a device secret, in bytes. 16 bytes of base64 hold 96 bits, enough
// that nobody guesses another's; 64 leave room for any encoding of 256 bits.
const (
	MinDeviceBytes = 16
	MaxDeviceBytes = 64
)

// idBytes of hash make an id of 16 base32 characters, 80 bits: two of a
// million devices share one with a probability below 10^-12.
const idBytes = 10

// PersonID returns the public id of the device that holds secret. It is the
// same on every node and after every restart, and does not give the secret
// away. The secret is 16 to 64 printable ASCII characters without spaces.
func PersonID(secret string) (string, error) {
	if len(secret) < MinDeviceBytes || len(secret) > MaxDeviceBytes {
		return "", fmt.Errorf("device has %d characters: it must have %d to %d", len(secret), MinDeviceBytes, MaxDeviceBytes)
	}
	for i := range len(secret) {
		if secret[i] <= ' ' || secret[i] > '~' {
			return "", fmt.Errorf("device holds a character that is not printable ASCII")
		}
	}
	sum := sha256.Sum256([]byte("warren device " + secret))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:idBytes])), nil
}

// check cleans the person's name. Field is what the error calls them.
func (p *Person) check(field string) error {
	if !ValidID(p.ID) {
		return fmt.Errorf("%s.id %.50q: not an id", field, p.ID)
	}
	name, err := CleanName(p.Name)
	if err != nil {
		return fmt.Errorf("%s.name: %w", field, err)
	}
	p.Name = name
	return nil
}

// checkOffset says whether an offset can be a record's.
func checkOffset(field string, offset int64) error {
	if offset < 0 {
		return fmt.Errorf("%s is %d: it must be the offset of a record, 0 or more", field, offset)
	}
	return nil
}
