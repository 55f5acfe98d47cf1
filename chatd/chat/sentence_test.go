package chat

import (
	"errors"
	"testing"
)

func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"the name is empty": "The name is empty.", "JPEG is what it must be.": "JPEG is what it must be.", "état": "État.",
		"8 is too many": "8 is too many.", "“x” is no name": "“x” is no name.", "名": "名.", "": "",
	} {
		if got := Sentence(errors.New(text)); got != want {
			t.Errorf("%q is %q, must be %q", text, got, want)
		}
	}
}
