package hostcode

import (
	"regexp"
	"strings"
	"testing"
)

func TestNew(t *testing.T) {
	right := regexp.MustCompile(`^[a-z]{5}-[a-z]{5}$`)
	letters, codes := map[rune]int{}, map[string]bool{}
	const n = 1000
	for range n {
		code := New()
		if err := Check(code); err != nil || !right.MatchString(code) {
			t.Fatalf("%q: %v", code, err)
		}
		if !Made(code) || !Made(strings.ToUpper(code)) || Made(code[1:]) || Made(code+"b") {
			t.Errorf("whether %q was made", code)
		}
		codes[code] = true
		for _, r := range code {
			letters[r]++
		}
	}
	if len(codes) != n {
		t.Errorf("only %d of %d codes are unlike", len(codes), n)
	}
	// Each letter is expected 625 times, give or take 24: ten times that is
	// no accident.
	for _, r := range codeLetters {
		if letters[r] < 385 || letters[r] > 865 {
			t.Errorf("%c is there %d times, of %d letters", r, letters[r], 10*n)
		}
	}
	if len(letters) != 16+1 || strings.ContainsAny(codeLetters, "iloquvyz015") {
		t.Errorf("the letters are %v", letters)
	}
}

// What people choose is not taken for what was made.
func TestMade(t *testing.T) {
	for _, chosen := range []string{"hello-world", "1234567890", "our-evening", "rabbit", "kdtsm-rfwhbb", "kdtsm-rfwha"} {
		if Made(chosen) {
			t.Errorf("%q is taken for one that was made", chosen)
		}
	}
}

func TestCheck(t *testing.T) {
	for code, ok := range map[string]bool{
		"kdtsm-rfwhb": true, "rabbit-HOLE-42": true, "123456": true,
		"": false, "short": false, "with space": false, "------": false, "a-b-c-d-e": false, "übercode": false,
		"12345678901234567890123456789012": true, "123456789012345678901234567890123": false,
	} {
		if err := Check(code); (err == nil) != ok {
			t.Errorf("%q: %v", code, err)
		}
	}
}

// What a phone's keyboard or a helpful editor makes of a code is still that code.
func TestPlain(t *testing.T) {
	for _, typed := range []string{"kdtsm-rfwhb", "KDTSM-RFWHB", " Kdtsmrfwhb ", "kdtsm rfwhb", "kdtsm–rfwhb", "kdtsm‑rfwhb\t"} {
		if got := Plain(typed); got != "kdtsmrfwhb" {
			t.Errorf("%q is %q", typed, got)
		}
	}
}
