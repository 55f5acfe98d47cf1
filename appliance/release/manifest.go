package main

import (
	"encoding/json"
	"strings"
	"time"
)

// manifest is what Raspberry Pi Imager reads of the image
// (raspberrypi/rpi-imager, doc/json-schema/os-list-schema.json). It takes the place
// of Imager's own list, so it must name the boards, too: without them Imager
// cannot go on.
type manifest struct {
	Imager struct {
		DefaultOS string   `json:"default_os"`
		Devices   []device `json:"devices"`
	} `json:"imager"`
	OSList []system `json:"os_list"`
}

// device is a kind of board.
type device struct {
	Name         string   `json:"name"`
	Description  string   `json:"description"`
	Tags         []string `json:"tags"`
	Icon         string   `json:"icon"`
	Default      bool     `json:"default,omitempty"`
	MatchingType string   `json:"matching_type"`
	Architecture string   `json:"architecture"`
}

// system is an image.
type system struct {
	Name           string   `json:"name"`
	Description    string   `json:"description"`
	Icon           string   `json:"icon"`
	Website        string   `json:"website,omitempty"`
	URL            string   `json:"url"`
	DownloadSize   int64    `json:"image_download_size"`
	DownloadSHA256 string   `json:"image_download_sha256"`
	ExtractSize    int64    `json:"extract_size"`
	ExtractSHA256  string   `json:"extract_sha256"`
	ReleaseDate    string   `json:"release_date"`
	InitFormat     string   `json:"init_format"`
	Architecture   string   `json:"architecture"`
	Devices        []string `json:"devices"`
}

// boards are those that the image is for, by the tags of Imager's own list.
var boards = []device{
	newDevice("Raspberry Pi 5", "5, 500, CM5", "pi5-64bit", "RPi_5.png"),
	newDevice("Raspberry Pi 4", "4, 400, CM4", "pi4-64bit", "RPi_4.png"),
	newDevice("Raspberry Pi 3 / Zero 2 W", "3B, 3B+, Zero 2 W", "pi3-64bit", "RPi_3.png"),
}

// Imager's own pictures of the boards.
const icons = "https://downloads.raspberrypi.com/imager/icons/"

// armv8 is what Imager calls a 64-bit Arm.
const armv8 = "armv8"

func newDevice(name, description, tag, icon string) device {
	return device{
		Name: name, Description: description, Tags: []string{tag}, Icon: icons + icon,
		MatchingType: "exclusive", Architecture: armv8,
	}
}

// blob is a file by its size in bytes and its SHA-256.
type blob struct {
	size   int64
	sha256 string
}

// newManifest returns the manifest of a version whose files will be below url.
// Imager must not customise the card (init_format none): it would ask for a user
// and a Wi-Fi to join, and Warren has neither.
func newManifest(version, url, website string, at time.Time, compressed, image blob) ([]byte, error) {
	url = strings.TrimSuffix(url, "/") + "/"
	var m manifest
	s := system{
		Name:        "Warren " + version,
		Description: "A chat hotspot in your pocket: join the Wi-Fi, open the page, chat",
		Icon:        url + iconFile, Website: website,
		URL: url + imageFile(version), DownloadSize: compressed.size, DownloadSHA256: compressed.sha256,
		ExtractSize: image.size, ExtractSHA256: image.sha256,
		ReleaseDate: at.UTC().Format(time.DateOnly), InitFormat: "none", Architecture: armv8,
	}
	for i, d := range boards {
		d.Default = i == 0
		m.Imager.Devices = append(m.Imager.Devices, d)
		s.Devices = append(s.Devices, d.Tags...)
	}
	m.Imager.DefaultOS = s.Name
	m.OSList = []system{s}
	text, err := json.MarshalIndent(m, "", "  ")
	return append(text, '\n'), err
}
