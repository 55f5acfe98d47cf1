package settings

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/language"
)

// cleanCountry takes the codes of ISO 3166-1 alpha-2, and the empty text.
func cleanCountry(s string) (string, error) {
	switch {
	case s == "" || isCountry(s):
		return s, nil
	case strings.EqualFold(s, "UK"):
		return "", errors.New(`the code of the United Kingdom is "GB"`)
	case isCountry(strings.ToUpper(s)):
		return "", fmt.Errorf("it must be in capitals: %q", strings.ToUpper(s))
	}
	return "", errors.New(`it must be the two capital letters of a country (ISO 3166-1), such as "DE" or "US"`)
}

// withdrawn are the codes of countries that are no more and were not simply
// renamed, which the language package knows for the sake of old texts.
const withdrawn = "AN CS NT SU YU"

// isCountry reports whether code is one of the 249 codes of ISO 3166-1 alpha-2.
// The language package knows all of them, and others: private ones, those of
// countries that have a new code, and, without a number of the United Nations'
// (M49), parts of countries and groups of them.
func isCountry(code string) bool {
	if len(code) != 2 || strings.ToUpper(code) != code || strings.Contains(withdrawn, code) {
		return false
	}
	region, err := language.ParseRegion(code)
	return err == nil && region.String() == code && region.IsCountry() && !region.IsPrivateUse() &&
		region.Canonicalize() == region && region.M49() != 0
}

// lowChannels are the channels that are allowed everywhere. Channel 13 reaches
// to 2482 MHz.
const lowChannels, maxChannel = 11, 13

// only11 are the countries whose rules end at 2472 MHz: those of the wireless
// regulatory database (wireless-regdb 2026.05.30) and UM, a part of the US that
// is not in it.
const only11 = "AS BM DM DO FM GD GU HT MH MP NI PR PW UM US VI"

// checkChannel says what is wrong with a channel in a country, nil if nothing
// is. Without a country the kernel does not let anybody send on 12 and 13.
func checkChannel(channel int, country string) error {
	switch {
	case channel <= lowChannels:
		return nil
	case country == "":
		return fmt.Errorf("it must be 1 to %d, or the country must be set", lowChannels)
	case strings.Contains(only11, country):
		return fmt.Errorf("it must be 1 to %d in %s", lowChannels, country)
	}
	return nil
}
