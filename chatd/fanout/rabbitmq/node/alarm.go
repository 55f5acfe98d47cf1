package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// An Alarm is a set of what a node may be short of. With any of them it takes no
// messages: see the RabbitMQ documentation, "Memory and Disk Alarms".
type Alarm uint

const (
	Memory Alarm = 1 << iota // it uses more than its watermark
	Disk                     // less is free than its limit

	NoAlarm Alarm = 0
)

// alarmName is the file that says which alarms there shall be. A rabbitmqctl
// cannot do it: the node has no port of Erlang's own.
const alarmName = "alarms"

// Alarm makes the node short of these, and of nothing else: it moves the limits
// as rabbitmqctl would, so that the node's own monitors raise and clear the
// alarms, within a second or so. After a restart
// they come back a moment after the node. It needs Options.Alarms.
func (n *Node) Alarm(a Alarm) error {
	var words []string
	if a&Memory != 0 {
		words = append(words, "memory")
	}
	if a&Disk != 0 {
		words = append(words, "disk")
	}
	path := filepath.Join(n.dir, alarmName)
	err := os.WriteFile(path+".new", []byte(strings.Join(words, " ")), 0o600)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("set the alarms of RabbitMQ: %w", err)
	}
	return nil
}

// alarmArgs are the arguments of a VM that looks at the file ten times a second.
func alarmArgs(dir string) []string {
	const (
		noMemory = 1       // byte: more is always used
		noDisk   = 1 << 60 // bytes: so much is never free
	)
	return []string{"-eval", fmt.Sprintf(`spawn(fun() -> `+
		`rabbit:await_startup(), `+
		`Or = fun(Now, Word, Low, Usual) -> case binary:match(Now, Word) of nomatch -> Usual; _ -> Low end end, `+
		`Set = fun(Now) -> `+
		`vm_memory_monitor:set_vm_memory_high_watermark({absolute, Or(Now, <<"memory">>, %d, "%s")}), `+
		`rabbit_disk_monitor:set_disk_free_limit(Or(Now, <<"disk">>, %d, "%s")) end, `+
		`Look = fun Look(Old) -> timer:sleep(100), case file:read_file(%q) of `+
		`{ok, Now} when Now =/= Old -> Set(Now), Look(Now); _ -> Look(Old) end end, `+
		`Look(<<>>) end).`, noMemory, memoryLimit, noDisk, diskLimit, filepath.Join(dir, alarmName))}
}
