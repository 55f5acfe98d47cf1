// Package devicetree reads flattened device trees, the .dtb files that tell a
// kernel what a board is made of (Devicetree Specification 0.4, chapter 5).
package devicetree

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// Node is a node of a tree.
type Node struct {
	Name       string // with its address, such as "gpio@7e200000"; that of the root is ""
	Properties map[string][]byte
	Children   []*Node
}

const (
	magic = 0xd00dfeed

	// maxDepth is more than any tree has (those of a Pi 5 have 7), and keeps a
	// broken one from filling the stack.
	maxDepth = 64

	// Tokens of the structure block.
	beginNode, endNode, property, nop, end = 1, 2, 3, 4, 9
)

// Parse reads a tree.
func Parse(dtb []byte) (*Node, error) {
	var header [10]uint32
	if _, err := binary.Decode(dtb, binary.BigEndian, &header); err != nil || header[0] != magic {
		return nil, errors.New("it is no device tree")
	}
	structure, err := cut(dtb, header[2], header[9])
	if err != nil {
		return nil, err
	}
	names, err := cut(dtb, header[3], header[8])
	if err != nil {
		return nil, err
	}
	p := parser{structure, names}
	if token, err := p.token(); err != nil || token != beginNode {
		return nil, errors.Join(errors.New("the device tree has no root"), err)
	}
	return p.node(1)
}

func cut(dtb []byte, offset, size uint32) ([]byte, error) {
	begin, end := uint64(offset), uint64(offset)+uint64(size)
	if end > uint64(len(dtb)) {
		return nil, fmt.Errorf("the device tree is cut off: it wants %d bytes and has %d", end, len(dtb))
	}
	return dtb[begin:end], nil
}

type parser struct{ structure, names []byte }

// node reads a node whose token has been read.
func (p *parser) node(depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, errors.New("the device tree is too deep")
	}
	at := bytes.IndexByte(p.structure, 0)
	if at < 0 {
		return nil, errors.New("the device tree has a name without an end")
	}
	n := &Node{Name: string(p.structure[:at]), Properties: map[string][]byte{}}
	if _, err := p.take(uint32(at + 1)); err != nil {
		return nil, err
	}
	for {
		token, err := p.token()
		if err != nil {
			return nil, err
		}
		switch token {
		case property:
			name, value, err := p.property()
			if err != nil {
				return nil, err
			}
			n.Properties[name] = value
		case beginNode:
			child, err := p.node(depth + 1)
			if err != nil {
				return nil, err
			}
			n.Children = append(n.Children, child)
		case endNode:
			return n, nil
		default:
			return nil, fmt.Errorf("the device tree has a token %d, which there is not", token)
		}
	}
}

// token reads the next token that means something.
func (p *parser) token() (uint32, error) {
	for {
		token, err := p.number()
		if err != nil || token != nop {
			return token, err
		}
	}
}

func (p *parser) property() (name string, value []byte, err error) {
	size, err := p.number()
	if err != nil {
		return "", nil, err
	}
	offset, err := p.number()
	if err != nil {
		return "", nil, err
	}
	if uint64(offset) >= uint64(len(p.names)) {
		return "", nil, errors.New("the device tree has a property without a name")
	}
	rest := p.names[offset:]
	at := bytes.IndexByte(rest, 0)
	if at < 0 {
		return "", nil, errors.New("the device tree has a name without an end")
	}
	value, err = p.take(size)
	return string(rest[:at]), value, err
}

func (p *parser) number() (uint32, error) {
	b, err := p.take(4)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b), nil
}

// take takes bytes, and what fills them up to four.
func (p *parser) take(size uint32) ([]byte, error) {
	whole := (uint64(size) + 3) &^ 3
	if whole > uint64(len(p.structure)) {
		return nil, errors.New("the device tree is cut off")
	}
	b := p.structure[:size]
	p.structure = p.structure[whole:]
	return b, nil
}

// Child returns a child by its name; nil: there is none.
func (n *Node) Child(name string) *Node {
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Strings returns a property that is a list of strings; nil: there is none.
func (n *Node) Strings(name string) []string {
	value, there := n.Properties[name]
	if !there || len(value) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(value), "\x00"), "\x00")
}

// String returns a property that is a string, or the first of a list; "": there
// is none.
func (n *Node) String(name string) string {
	if all := n.Strings(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Cells returns a property that is a list of numbers.
func (n *Node) Cells(name string) []uint32 {
	var cells []uint32
	for b := n.Properties[name]; len(b) >= 4; b = b[4:] {
		cells = append(cells, binary.BigEndian.Uint32(b))
	}
	return cells
}

// Enabled tells whether the node is switched on (2.3.4, "status").
func (n *Node) Enabled() bool {
	status := n.String("status")
	return status == "" || status == "okay" || status == "ok"
}

// Running returns the node and all below it that are switched on, as are all above
// them.
func (n *Node) Running() iter.Seq[*Node] {
	return func(yield func(*Node) bool) { n.running(yield) }
}

func (n *Node) running(yield func(*Node) bool) bool {
	if !n.Enabled() {
		return true
	}
	if !yield(n) {
		return false
	}
	for _, c := range n.Children {
		if !c.running(yield) {
			return false
		}
	}
	return true
}

// BootArguments returns the words that the tree gives the kernel. A Pi's loader puts
// them before those of cmdline.txt.
func (n *Node) BootArguments() string {
	if chosen := n.Child("chosen"); chosen != nil {
		return chosen.String("bootargs")
	}
	return ""
}
