package boards

import (
	"cmp"
	"fmt"
	"strings"
)

// Tables returns what each board gets, as two tables in Markdown.
func Tables(rows []Row) string {
	var out strings.Builder
	out.WriteString("| Pi | its loader reads | device tree | LED | header's lines |\n|---|---|---|---|---|\n")
	for _, b := range All {
		files := "nothing: it is in the ROM"
		if b.Loader != nil {
			files = code(b.Loader...)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | `%s` |\n", b.Name, files, code(b.Trees...), b.LED, b.Pins)
	}
	out.WriteString("\n| Pi | radio | firmware | settings of the board | rules of radio |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		name := r.Board.Name
		if r.Brought {
			fmt.Fprintf(&out, "| %s | %s | `%s.*`, only if you bring it: see [below](#radios-that-debian-has-no-files-for) | | |\n", name, r.Chip, r.Files)
			continue
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", name, r.Chip, code(r.Firmware), code(r.NVRAM), cmp.Or(code(r.CLM), "none"))
	}
	return out.String()
}

func code(names ...string) string {
	var quoted []string
	for _, name := range names {
		if name != "" {
			quoted = append(quoted, "`"+name+"`")
		}
	}
	return strings.Join(quoted, ", ")
}
