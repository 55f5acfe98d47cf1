package main

import (
	"testing"

	"go.uber.org/goleak"

	"warren/chatd/bench/speak"
	"warren/chatd/bench/speak/speaktest"
	"warren/chatd/fanout/rabbitmq/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAllReceiveAll(t *testing.T) {
	broker := node.ForTest(t).URL()
	for _, protocol := range []speak.Protocol{speak.Text, speak.Warren} {
		t.Run(string(protocol), func(t *testing.T) { speaktest.All(t, protocol, run, "-broker", broker) })
	}
}
