package settings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// bootFiles is what matters here of the files on the boot partition.
type bootFiles struct {
	settings []byte   // FileName, and at most one byte more than Parse takes
	other    bool     // there is a file that a host may take for it
	notes    []string // sentences for the host
}

// withTxt is what becomes of FileName in an editor that adds .txt, which Windows then
// does not show.
const withTxt = FileName + ".txt"

var otherFile = Mistake{Right: "there is also " + withTxt + " on the card, which is not read: " +
	"put into " + FileName + " what you have changed there, and delete " + withTxt}

// readBootFiles reads the boot partition that is mounted at dir. The error is
// fs.ErrNotExist if and only if there is no file with settings.
func readBootFiles(dir string) (found bootFiles, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return found, errors.New("its files cannot be listed: " + err.Error())
	}
	names := map[string]string{} // FAT does not tell upper from lower case
	for _, e := range entries {
		names[strings.ToLower(e.Name())] = e.Name()
	}
	line, _ := readFile(filepath.Join(dir, "cmdline.txt")) // none has no words for anybody
	if note := imagerNote(names, string(line)); note != "" {
		found.notes = append(found.notes, note)
	}
	found.settings, err = readFile(filepath.Join(dir, FileName))
	txt, ok := names[withTxt]
	switch {
	case err == nil:
		found.other = ok
	case ok && errors.Is(err, fs.ErrNotExist):
		if found.settings, err = readFile(filepath.Join(dir, txt)); err == nil {
			found.notes = append(found.notes, "There is no "+FileName+" on the card, and "+withTxt+" is read in its place: take the .txt off its name.")
		}
	}
	return found, err
}

// imagerFiles are those in which Raspberry Pi Imager tells Raspberry Pi OS what its
// owner has typed: the older way, with a script, and that of cloud-init.
var imagerFiles = []string{
	"custom.toml", "firstrun.sh", "meta-data", "network-config", "ssh", "ssh.txt", "user-data", "userconf", "userconf.txt", "wpa_supplicant.conf",
}

// imagerWords are what it adds to the kernel's command line.
var imagerWords = regexp.MustCompile(`(^|\s)(systemd\.run=|ds=nocloud)`)

// imagerNote says that what was typed into Raspberry Pi Imager means nothing here, if
// there are files of that name, or the command line has its words.
func imagerNote(names map[string]string, line string) string {
	var there []string
	for _, name := range imagerFiles {
		if _, ok := names[name]; ok {
			there = append(there, name)
		}
	}
	if imagerWords.MatchString(line) {
		there = append(there, "what it has added to cmdline.txt")
	}
	if len(there) == 0 {
		return ""
	}
	slices.Sort(there)
	return "What was set in Raspberry Pi Imager means nothing on this card (" + list(there) + "): the Wi-Fi's name and passphrase, and all else, are set in " + FileName + "."
}
