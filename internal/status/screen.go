package status

import (
	"encoding/json"
	"fmt"
)

// tellScreen tells how the display is.
func tellScreen(js []byte, s *Section) error {
	var f struct {
		State, Why    string
		Width, Height int
	}
	if err := json.Unmarshal(js, &f); err != nil {
		return err
	}
	switch f.State {
	case "starting":
	case "up":
		s.Text = []string{fmt.Sprintf("The display shows the room, with %d × %d pixels.", f.Width, f.Height)}
	case "off":
		s.Text = []string{"The display is left to the system, as the settings say."}
	case "none":
		s.Text = []string{stopped(f.Why)}
	case "failed":
		s.Wrong = true
		s.Text = []string{stopped(f.Why)}
	default:
		return fmt.Errorf("there is no state %.40q", f.State)
	}
	return nil
}
