// Package browser tests the room as guests see it: the chatd binary, a real
// RabbitMQ, and real Chromium at the size of a phone or a laptop, which types,
// taps and reads.
//
// A [Chatd] is a running daemon, a [Link] the network between it and a page, a
// [Phone] a guest at a page of a [Browser]. Pictures of what was seen are kept
// in the folder artefacts at the root of the repository.
package browser
