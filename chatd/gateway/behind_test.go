package gateway

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// What a phone is behind by is counted in text. It is held as text, as JSON and
// as frames, once for all phones that are behind: so much more memory, and no
// more, is what docs/limits.md says.
func TestMemoryOfBehind(t *testing.T) {
	const factor = 5
	for _, text := range []string{"hello", strings.Repeat("x", 1000), strings.Repeat("x", 16_000), strings.Repeat(`"`, 16_000)} {
		t.Run(fmt.Sprintf("%.1s, %d bytes", text, len(text)), func(t *testing.T) {
			s := serve(t, unlimited)
			talker, _ := s.join(t, nil)
			unread := s.room.Tail() // as a session holds it
			for said := 0; unread.Behind(s.room.Tail()) < 2<<20; {
				const some = 20
				for range some {
					talker.say(fmt.Sprint("m", said), text)
					said++
				}
				talker.records(some)
			}
			for i := range 2000 { // none of it is in the window any more
				talker.say(fmt.Sprint("w", i), "x")
			}
			talker.records(2000)
			counted, held := unread.Behind(s.room.Tail()), heap()
			runtime.KeepAlive(unread)
			freed := held - heap()
			t.Logf("%d bytes are behind, and %d bytes of memory: %.1f times", counted, freed, float64(freed)/float64(counted))
			if freed < counted/2 || freed > factor*counted {
				t.Errorf("what counts as %d bytes takes %d", counted, freed)
			}
		})
	}
}
