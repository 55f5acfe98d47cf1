package status

import "encoding/json"

// ChatFile is what chatd tells.
const ChatFile = "chatd.state"

// ErasedKey is where chatd tells, in ChatFile, the epoch of the room's log if that is what an
// erasure has left. It tells it when a host erases, and whenever it has read such a log: so
// it is known after each start, too.
const ErasedKey = "erased"

// Erased returns the epoch of the room's log if chatd tells in dir that it is what an erasure has
// left, and "" if not, or if that is not known.
func Erased(dir string) (epoch string) {
	js, err := ReadFile(dir, ChatFile)
	if err != nil {
		return ""
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(js, &all) != nil || json.Unmarshal(all[ErasedKey], &epoch) != nil {
		return ""
	}
	return epoch
}
