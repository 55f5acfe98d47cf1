package node

import "testing"

// ForTest starts a node for a test and stops it when the test is over. With
// -short the test is skipped.
func ForTest(t testing.TB) *Node {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	n, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	return n
}
