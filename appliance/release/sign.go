package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"aead.dev/minisign"
)

// secretKey returns the key that signs, as the environment names it.
func secretKey() (minisign.PrivateKey, error) {
	var key minisign.PrivateKey
	text := os.Getenv("MINISIGN_KEY")
	if file := os.Getenv("MINISIGN_KEY_FILE"); text == "" && file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return key, fmt.Errorf("MINISIGN_KEY_FILE: %w", err)
		}
		text = string(content)
	}
	if text == "" {
		return key, errors.New("there is no key to sign with: name its file in MINISIGN_KEY_FILE, or put its text into MINISIGN_KEY; `minisign -G` makes one")
	}
	if !minisign.IsEncrypted([]byte(text)) {
		if err := key.UnmarshalText([]byte(text)); err != nil {
			return key, fmt.Errorf("MINISIGN_KEY or MINISIGN_KEY_FILE is no secret key of minisign's: %w", err)
		}
		return key, nil
	}
	key, err := minisign.DecryptKey(os.Getenv("MINISIGN_PASSWORD"), []byte(text))
	if err != nil {
		return key, fmt.Errorf("the key to sign with cannot be opened: is MINISIGN_PASSWORD its password? (%w)", err)
	}
	return key, nil
}

// sign returns minisign's signature of the checksums, and the public key as a file
// of minisign's.
func sign(key minisign.PrivateKey, version string, sums []byte) (signature, public []byte, err error) {
	comment := "Warren " + version
	signature = minisign.SignWithComments(key, sums, comment, "signature of "+sumsFile)
	pub, ok := key.Public().(minisign.PublicKey)
	if !ok {
		return nil, nil, errors.New("the key to sign with has no public key")
	}
	text, err := pub.MarshalText()
	return signature, append(text, '\n'), err
}

// publicKey returns the public key in a file of minisign's, or in its text.
func publicKey(key string) (minisign.PublicKey, error) {
	var public minisign.PublicKey
	if text := strings.TrimSpace(key); public.UnmarshalText([]byte(text)) == nil {
		return public, nil
	}
	public, err := minisign.PublicKeyFromFile(key)
	if err != nil {
		err = fmt.Errorf("%s is no public key of minisign's: %w", key, err)
	}
	return public, err
}
