package main

import (
	"fmt"

	"warren/appliance/broker/oci"
)

const (
	// RabbitMQ stops taking messages when less than a twentieth of the card's
	// data partition is free, so that it never fills; within bounds: below the
	// least, RabbitMQ could not tidy up, and the most is plenty.
	minFree = 48 << 20
	maxFree = 512 << 20
)

// freeLimit returns how many bytes must stay free on a disk of size bytes.
func freeLimit(size uint64) uint64 {
	return min(max(size/20, minFree), maxFree)
}

// rabbitmqConf returns rabbitmq.conf. RabbitMQ takes no messages when fewer than
// free bytes are free where its data are. The user is made when the database is:
// a password that changes later is not noticed.
func rabbitmqConf(password string, free uint64) string {
	return fmt.Sprintf(`# Written at each start.
listeners.tcp.1 = %s
num_acceptors.tcp = 1
default_user = %s
default_pass = %s
default_user_tags.administrator = false
vm_memory_high_watermark.absolute = %d
disk_free_limit.absolute = %d
log.console = true
log.console.level = info
log.file = false
`, brokerAddr, brokerUser, password, oci.MemoryWatermark, free)
}
