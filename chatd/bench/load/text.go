package load

import (
	"bytes"
	"crypto/rand"
	"strings"
)

// A message of the bench says all that its receiver has to know, at fixed
// places, so that it is read without decoding what it came in:
//
//	warren-bench RUN--- SENDR SEQNUM MICROSECONDS--- xxxxxxxx…
//
// The time is when it was due, in microseconds of CLOCK_MONOTONIC.
const (
	word = "warren-bench "

	runDigits    = 6
	senderDigits = 5
	seqDigits    = 6
	timeDigits   = 15

	// MinSize is the size of a message that says that and no more.
	MinSize = len(word) + runDigits + 1 + senderDigits + 1 + seqDigits + 1 + timeDigits

	maxClients  = 99_998 // five digits, and one number for the signal
	maxMessages = 999_999

	// signaller is the sender of the signal: it counts for nobody.
	signaller = 99_999
)

// newRun returns a name for a run. What another run says in the same room does
// not count.
func newRun() string { return strings.ToLower(rand.Text()[:runDigits]) }

// A stamp is what a message says.
type stamp struct {
	sender, seq int
	due         int64 // nanoseconds, a multiple of 1,000
}

// appendText appends the message of a stamp, in size bytes.
func appendText(dst []byte, run string, s stamp, size int) []byte {
	start := len(dst)
	dst = append(append(append(dst, word...), run...), ' ')
	dst = append(appendDigits(dst, int64(s.sender), senderDigits), ' ')
	dst = append(appendDigits(dst, int64(s.seq), seqDigits), ' ')
	dst = appendDigits(dst, s.due/1000, timeDigits)
	if len(dst)-start < size {
		dst = append(dst, ' ')
	}
	for len(dst)-start < size {
		dst = append(dst, 'x')
	}
	return dst
}

func appendDigits(dst []byte, n int64, digits int) []byte {
	for range digits {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; n > 0 && digits > 0; i, digits = i-1, digits-1 {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// nextText returns the first stamp in data and what follows it. Prefix is word,
// the run and a space. False: there is no more.
func nextText(data, prefix []byte) (s stamp, rest []byte, ok bool) {
	for {
		i := bytes.Index(data, prefix)
		if i < 0 {
			return s, nil, false
		}
		data = data[i+len(prefix):]
		const tail = MinSize - len(word) - runDigits - 1
		if len(data) < tail {
			return s, nil, false
		}
		sender, ok1 := digits(data[:senderDigits])
		seq, ok2 := digits(data[senderDigits+1:][:seqDigits])
		due, ok3 := digits(data[tail-timeDigits : tail])
		if ok1 && ok2 && ok3 {
			return stamp{int(sender), int(seq), due * 1000}, data[tail:], true
		}
	}
}

func digits(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
