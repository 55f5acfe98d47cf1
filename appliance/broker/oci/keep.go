package oci

import "fmt"

// keepPolicy returns an Erlang expression that has RabbitMQ keep so many bytes
// of the room's log, whatever size the log was made with.
//
// A stream's arguments cannot be changed, but a policy has precedence over them
// (RabbitMQ documentation, "Policies"). A policy is set with a management tool,
// or from inside, as here. RabbitMQ tells it only to queues that it has loaded,
// which it does in the seconds after its start; so this waits for the log, a
// minute at most, if there is none yet. Then it has the log look at its policy
// some times more, which changes nothing if it has: the coordinator of streams
// may not have been there to be told.
func keepPolicy(bytes int64) string {
	return fmt.Sprintf(`spawn(fun() -> `+
		`rabbit:await_startup(), `+
		`Log = fun() -> rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"chat.log">>)) end, `+
		`Wait = fun Wait(0) -> none; Wait(N) -> case Log() of {ok, _} -> there; _ -> timer:sleep(1000), Wait(N - 1) end end, `+
		`Wait(60), `+
		`ok = rabbit_policy:parse_set(<<"/">>, <<"keep">>, <<"^chat[.]log$">>, <<"{\"max-length-bytes\":%d}">>, 0, <<"queues">>, <<"warren">>), `+
		`Look = fun(_) -> timer:sleep(3000), case Log() of {ok, Q} -> rabbit_stream_queue:policy_changed(Q); _ -> none end end, `+
		`lists:foreach(Look, lists:seq(1, 5)) `+
		`end).`, bytes)
}
