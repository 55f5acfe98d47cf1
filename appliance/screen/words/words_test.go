package words

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"warren/chatd/spoken"
)

// Every language has all words, and a place for a number where one goes.
func TestWords(t *testing.T) {
	for _, language := range spoken.Languages {
		w, err := In(language)
		if err != nil {
			t.Fatal(err)
		}
		for i := range reflect.TypeFor[Words]().NumField() {
			if reflect.ValueOf(w).Field(i).String() == "" {
				t.Errorf("%s has no word for %s", language, reflect.TypeFor[Words]().Field(i).Name)
			}
		}
		if got := fmt.Sprintf(w.Here, 12); !strings.Contains(got, "12") || strings.Contains(got, "!") {
			t.Errorf("%s says %q of 12 people", language, got)
		}
	}
	if _, err := In("tlh"); err == nil || !strings.Contains(err.Error(), "de") {
		t.Errorf("%v", err)
	}
}
