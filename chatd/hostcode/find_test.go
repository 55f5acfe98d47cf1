package hostcode

import (
	"bytes"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	code := New()
	for _, before := range []int{0, 1, 1<<20 - 12, 1<<20 - 11, 1<<20 - 5, 1<<20 - 1, 1 << 20, 3 << 20} {
		for _, behind := range []int{0, 1, 1 << 20} {
			text := append(bytes.Repeat([]byte{'\n'}, before), code...)
			text = append(text, bytes.Repeat([]byte{0}, behind)...)
			if got, err := Find(bytes.NewReader(text)); got != code || err != nil {
				t.Errorf("%d bytes before it and %d behind: %q, %v", before, behind, got, err)
			}
		}
	}
	// Longer words that lie across two blocks.
	for at := 1<<20 - 14; at <= 1<<20; at++ {
		for _, word := range []string{"kdtsm-rfwhbx", "xkdtsm-rfwhb", "x-kdtsm-rfwhb"} {
			text := append(bytes.Repeat([]byte{'\n'}, at), word+"\n"...)
			if got, err := Find(bytes.NewReader(text)); got != "" || err != nil {
				t.Errorf("%s at %d: %q, %v", word, at, got, err)
			}
		}
		code := append(bytes.Repeat([]byte{'\n'}, at), "kdtsm-rfwhb\n"...)
		if got, _ := Find(bytes.NewReader(code)); got != "kdtsm-rfwhb" {
			t.Errorf("a code at %d is not found", at)
		}
	}
	for _, none := range []string{
		"", "-", "kdtsm-rfwh", "kdtsm-rfwhbx", "xkdtsm-rfwhb", "kdtsm-rfwhb-x", "kdtsm-rfwha", "kdts--rfwhb", "kdtsm_rfwhb", "KDTSM-RFWHB", strings.Repeat("-", 100),
	} {
		if got, err := Find(strings.NewReader(none)); got != "" || err != nil {
			t.Errorf("%q: %q, %v", none, got, err)
		}
	}
}
