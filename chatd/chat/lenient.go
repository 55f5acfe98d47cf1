package chat

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// lenient reads the fields of a JSON object into what fields point to. What cannot
// be read is left out, alone: of a list, the one element. It returns how much that
// was; the error says that raw is no object.
func lenient(raw []byte, fields map[string]any) (dropped int, err error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return 0, err
	}
	for name, to := range fields {
		value, there := object[name]
		if !there {
			continue
		}
		if json.Unmarshal(value, to) == nil {
			continue
		}
		into := reflect.ValueOf(to).Elem()
		into.SetZero()
		if into.Kind() != reflect.Slice || into.Type().Elem().Kind() == reflect.Uint8 || !bytes.HasPrefix(bytes.TrimSpace(value), []byte("[")) {
			dropped++
			continue
		}
		var elements []json.RawMessage
		json.Unmarshal(value, &elements) // it was an array inside of an object that could be read
		for _, element := range elements {
			one := reflect.New(into.Type().Elem())
			if json.Unmarshal(element, one.Interface()) != nil {
				dropped++
				continue
			}
			into.Set(reflect.Append(into, one.Elem()))
		}
	}
	return dropped, nil
}
