package load

import (
	"bytes"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// BenchmarkMessages is what the client does with a delivery, all but reading it.
// It must be little of what a server does for one.
func BenchmarkMessages(b *testing.B) {
	const senders, batch = 100, 256
	run := newRun()
	c := &client{number: 5, run: run, prefix: []byte(word + run + " "), protocol: warren{}, readAt: 5e9,
		delays: hdrhistogram.New(1, maxLatency, digitsKept), poke: make(chan struct{}, 1)}
	var frames []frame
	for seq := range 10 {
		payload := []byte(`{"type":"log","records":[`)
		for sender := range batch {
			payload = append(payload, `{"offset":123456,"ref":"abcdef-12-34","from":{"id":"0123456789abcdefghijkl","name":"guest-00012"},"text":"`...)
			payload = appendText(payload, run, stamp{sender % senders, seq*batch/senders + sender/senders, 4e9}, 100)
			payload = append(payload, `","boot":"01234567-89ab-cdef-0123-456789abcdef","up_ms":123456789},`...)
		}
		frames = append(frames, frame{opText, bytes.TrimSuffix(payload, []byte(",")), len(payload) + 10})
	}
	b.SetBytes(int64(frames[0].size) / batch)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%(batch*len(frames)) == 0 { // a run begins
			c.ledger = newLedger(senders, 100)
			c.sample = newSample(senders * 100)
		}
		if n%batch == 0 {
			c.messages(frames[n/batch%len(frames)])
		}
	}
}
