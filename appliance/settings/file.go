package settings

import (
	"fmt"
	"strings"
)

// preamble is for a host who never saw TOML.
const preamble = `# Warren's settings. They are read each time it starts.
#
# To change one, write something else after its =, save the file, put the card
# back and switch on. Text stands between "straight quotation marks", a number
# does not. Inside a text, " is written \" and \ is written \\. What comes after
# a # is a remark, like this one. A setting that you remove has its default.
#
# You cannot break anything: where there is a mistake, the last good value
# stays.
`

// File returns the file as it is shipped, with the settings in s, which must be
// valid: each with what it is, its range and its default. Parse reads them
// back.
func File(s Settings) []byte {
	var b strings.Builder
	b.WriteString(preamble)
	defaults := Default()
	section := ""
	for _, k := range keys {
		if k.section != section {
			section = k.section
			fmt.Fprintf(&b, "\n\n[%s]\n", section)
		}
		fmt.Fprintf(&b, "\n# %s\n# Default: %s\n%s = %s\n",
			strings.ReplaceAll(k.help, "\n", "\n# "), k.format(&defaults), k.name, k.format(&s))
	}
	return []byte(b.String())
}
