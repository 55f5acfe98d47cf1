package chat

import "fmt"

// Words is a host's: the words that are not wanted here, all of them. What they
// match is for Matcher.
type Words struct {
	By    Person   `json:"by"`
	Words []string `json:"words"`
}

// Limits of the list. 200 words are more than the lists that streamers share;
// 60 bytes hold the longest word of German, and 20 characters of Chinese.
const (
	MaxWords     = 200
	MaxWordBytes = 60
)

// Kind implements Deed.
func (w *Words) Kind() string { return TypeWords }

// Doer implements Deed.
func (w *Words) Doer() Person { return w.By }

func (w *Words) check() error {
	if err := checkWords(w.Words); err != nil {
		return err
	}
	return w.By.check("by")
}

func checkWords(words []string) error {
	if len(words) > MaxWords {
		return fmt.Errorf("words has %d: at most %d are kept", len(words), MaxWords)
	}
	for _, word := range words {
		if len(word) == 0 || len(word) > MaxWordBytes {
			return fmt.Errorf("the word %.80q has %d bytes: it must have 1 to %d", word, len(word), MaxWordBytes)
		}
		if clean, err := CleanText(word); err != nil || clean != word {
			return fmt.Errorf("the word %.80q cannot be one: it must be plain text without spaces around it", word)
		}
	}
	return nil
}
