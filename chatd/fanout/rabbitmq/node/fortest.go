package node

import "testing"

// ForTest starts a node for a test and kills it when the test is over: nobody
// needs its data any more, and a goodbye takes a second. With -short the test is
// skipped.
func ForTest(t testing.TB) *Node {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	n, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Kill(); n.Stop() })
	return n
}
