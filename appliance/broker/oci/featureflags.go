package oci

import (
	"fmt"
	"path"
)

// FlagsName is the name of a file in Bundle.Conf: once it is there, RabbitMQ
// enables its stable feature flags.
const FlagsName = "enable-feature-flags"

// enableFlags returns an Erlang expression that has RabbitMQ enable all stable
// feature flags, as soon as the file allowed is there.
//
// A later RabbitMQ requires them, and does not start with data in which one was
// never enabled. A new node enables all of them, one that was updated none that
// came with the update (RabbitMQ documentation, "Feature Flags"). Experimental
// ones stay as they are: for these RabbitMQ promises no way on.
//
// These functions are there in RabbitMQ 3.10 to 4.3. Where they are not, or fail,
// there is a line in the log, and RabbitMQ runs on. RabbitMQ itself says which
// flags it enables, and writes its list of them when something changes only.
func enableFlags(allowed string) string {
	return fmt.Sprintf(`spawn(fun() -> `+
		`rabbit:await_startup(), `+
		`Wait = fun Wait() -> case filelib:is_regular("%s") of true -> ok; false -> timer:sleep(1000), Wait() end end, `+
		`Wait(), `+
		`Warn = fun(Why) -> logger:warning("Feature flags: not all that are stable could be enabled: ~0p", [Why]) end, `+
		`try rabbit_feature_flags:enable(maps:keys(rabbit_feature_flags:list(disabled, stable))) of ok -> ok; Why -> Warn(Why) `+
		`catch _:Why -> Warn(Why) end `+
		`end).`, allowed)
}

var flagsFile = path.Join(confDir, FlagsName)
