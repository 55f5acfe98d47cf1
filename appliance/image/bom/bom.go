// Package bom writes down what the image is made of: a bill of materials in
// CycloneDX 1.6, JSON.
package bom

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// Named returns licences with names that need not be SPDX's, as Debian's are
// not; nil for none.
func Named(names ...string) *cdx.Licenses {
	return licences(names, func(name string) *cdx.License { return &cdx.License{Name: name} })
}

// SPDX returns the licences with identifiers of SPDX; nil for none.
func SPDX(ids ...string) *cdx.Licenses {
	return licences(ids, func(id string) *cdx.License { return &cdx.License{ID: id} })
}

func licences(words []string, licence func(string) *cdx.License) *cdx.Licenses {
	if len(words) == 0 {
		return nil
	}
	var all cdx.Licenses
	for _, word := range words {
		all = append(all, cdx.LicenseChoice{License: licence(word)})
	}
	return &all
}

// SHA256 returns the hash of a component as it was fetched, in hexadecimal.
func SHA256(sum string) *[]cdx.Hash {
	return &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: sum}}
}

// TextAt returns the property that says where in the image a component's licence
// is.
func TextAt(path string) *[]cdx.Property {
	return &[]cdx.Property{{Name: "warren:licence-text", Value: path}}
}

// JSON returns the bill of materials of an image of that version, made of
// components. The same components give the same bytes.
func JSON(version string, at time.Time, components []cdx.Component) ([]byte, error) {
	components = slices.SortedFunc(slices.Values(components), func(a, b cdx.Component) int {
		return cmp.Or(cmp.Compare(a.PackageURL, b.PackageURL), cmp.Compare(a.Name, b.Name))
	})
	for i := range components {
		components[i].BOMRef = cmp.Or(components[i].PackageURL, components[i].Name)
	}
	d := cdx.NewBOM()
	d.Components = &components
	d.Metadata = &cdx.Metadata{
		Timestamp: at.UTC().Format(time.RFC3339),
		Component: &cdx.Component{Type: cdx.ComponentTypeOS, BOMRef: "warren", Name: "warren", Version: version},
	}
	content, err := encode(d)
	if err != nil {
		return nil, err
	}
	d.SerialNumber = urn(sha256.Sum256(content))
	return encode(d)
}

func encode(d *cdx.BOM) ([]byte, error) {
	var out bytes.Buffer
	err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(d, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

// urn makes a UUID (RFC 9562, version 8: of one's own making) of a hash.
func urn(sum [32]byte) string {
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
