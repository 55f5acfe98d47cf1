// Package bom writes down what the image is made of: a bill of materials in
// CycloneDX 1.6, JSON.
package bom

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Component is one thing in the image: a package, a module, the kernel.
type Component struct {
	Type       string     `json:"type"` // library, application, firmware, operating-system
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	Hashes     []Hash     `json:"hashes,omitempty"`
	Licenses   []License  `json:"licenses,omitempty"`
	PURL       string     `json:"purl,omitempty"`
	Properties []Property `json:"properties,omitempty"`
}

// Hash is a digest of a component as it was fetched.
type Hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// License is a licence by its short name.
type License struct {
	License struct {
		ID   string `json:"id,omitempty"`   // of SPDX
		Name string `json:"name,omitempty"` // any other
	} `json:"license"`
}

// Property is anything else worth knowing.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Named returns licences with names that need not be SPDX's, as Debian's are
// not.
func Named(names ...string) []License {
	var licenses []License
	for _, name := range names {
		var l License
		l.License.Name = name
		licenses = append(licenses, l)
	}
	return licenses
}

// SPDX returns the licence with an identifier of SPDX.
func SPDX(id string) []License {
	var l License
	l.License.ID = id
	return []License{l}
}

// TextAt is the property that says where in the image a component's licence
// is.
func TextAt(path string) Property { return Property{"warren:licence-text", path} }

type document struct {
	Format       string `json:"bomFormat"`
	SpecVersion  string `json:"specVersion"`
	SerialNumber string `json:"serialNumber"`
	Version      int    `json:"version"`
	Metadata     struct {
		Timestamp string    `json:"timestamp"`
		Component Component `json:"component"`
	} `json:"metadata"`
	Components []Component `json:"components"`
}

// JSON returns the bill of materials of an image of that version, made of
// components. The same components give the same bytes.
func JSON(version string, at time.Time, components []Component) ([]byte, error) {
	components = slices.SortedFunc(slices.Values(components), func(a, b Component) int {
		return cmp.Or(cmp.Compare(a.PURL, b.PURL), cmp.Compare(a.Name, b.Name))
	})
	for i := range components {
		components[i].Ref = cmp.Or(components[i].PURL, components[i].Name)
	}
	d := document{Format: "CycloneDX", SpecVersion: "1.6", Version: 1, Components: components}
	d.Metadata.Timestamp = at.UTC().Format(time.RFC3339)
	d.Metadata.Component = Component{Type: "operating-system", Ref: "warren", Name: "warren", Version: version}
	content, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	d.SerialNumber = urn(sha256.Sum256(content))
	content, err = json.MarshalIndent(d, "", "  ")
	return append(content, '\n'), err
}

// urn makes a UUID (RFC 9562, version 8: of one's own making) of a hash.
func urn(sum [32]byte) string {
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
