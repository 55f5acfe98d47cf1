package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestShortcuts has a conversation with the keyboard alone.
func TestShortcuts(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada, bob := room.enter("Ada", Large), room.enter("Bob", Small)
	for _, text := range []string{"one", "two", "three"} {
		bob.Say(text)
		ada.At(text)
	}
	at := func(text string) {
		t.Helper()
		ada.Until("the cursor at "+text, found(text)+` === document.activeElement`)
	}
	ada.tabTo("conversation")
	ada.Press("k")
	at("three")
	ada.Press(kb.ArrowUp)
	at("two")
	ada.Press("k")
	at("one")
	ada.Press("j")
	at("two")
	if !See[bool](ada, `(({outlineStyle, outlineWidth}) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2)(getComputedStyle(document.activeElement.querySelector('.bubble')))`) {
		t.Error("Ada cannot see at which message the cursor is")
	}
	ada.Shot("talk-keys-message-laptop")

	// React, and be back where one was.
	ada.Press(kb.Enter)
	ada.Until("the cursor at the first emoji", `document.activeElement.matches('.actions .face')`)
	ada.Press(kb.Tab)
	ada.Press(" ")
	ada.SeesChips("two", "❤️ 1")
	at("two")
	ada.Press(kb.Enter)
	ada.Until("the cursor at the first emoji", `document.activeElement.matches('.actions .face')`)
	ada.Press(kb.Escape)
	at("two")
	ada.Press(kb.Tab) // the reaction can be taken back, too
	ada.Until("the cursor at the reaction", `document.activeElement.matches('.chip')`)
	ada.Press(" ")
	ada.SeesChips("two")

	ada.tabTo("conversation", chromedp.ModifierShift)
	ada.Press(kb.ArrowUp + kb.ArrowUp)
	at("two")
	ada.Key("r")
	ada.Until("the cursor in the line, and what is answered", `document.activeElement.id === 'text' && document.querySelector('#about').textContent.includes('two')`)
	ada.Press(kb.Escape)
	ada.Until("nothing answered any more", `document.querySelector('#about').hidden && document.activeElement.id === 'text'`)
	ada.tabTo("conversation", chromedp.ModifierShift)
	ada.Key("k")
	ada.Key("r")
	ada.Press("to three" + kb.Enter)
	ada.At("to three")
	bob.Until("the answer", found("to three")+`.querySelector('.quote').textContent.includes('three')`)

	// Keys that write do nothing else.
	ada.Press("j k r / ?" + kb.Enter)
	bob.Sees("j k r / ?")

	ada.tabTo("conversation", chromedp.ModifierShift)
	ada.Key("/")
	ada.Until("the search", `document.activeElement.id === 'query' && document.activeElement.value === ''`)
	ada.Press(kb.Escape)
	ada.Key("?")
	ada.Until("the list of shortcuts", `document.querySelector('#keys').open && document.querySelectorAll('#keys dt').length > 5`)
	ada.fits()
	ada.Shot("talk-keys-laptop")
	ada.Press(kb.Escape)
	ada.Until("no list", `!document.querySelector('#keys').open`)

	// The same from the menu.
	ada.tabTo("menu", chromedp.ModifierShift)
	ada.Press(kb.Enter)
	ada.Until("the menu", `!document.querySelector('#options').hidden`)
	ada.canBeRead("with the menu")
	ada.Shot("talk-menu-laptop")
	ada.Press(kb.Tab + kb.Tab + kb.Tab + kb.Enter)
	ada.Until("the list of shortcuts", `document.querySelector('#keys').open && document.querySelector('#options').hidden`)
	ada.Press(kb.Escape)
	bob.Tap("#menu")
	bob.Tap("#options [data-act=help]")
	bob.Until("the list of shortcuts", `document.querySelector('#keys').open`)
	bob.fits()
	bob.Prefer("prefers-color-scheme", "dark")
	bob.canBeRead("dark, with the shortcuts")
	bob.Shot("talk-keys-phone-dark")
	bob.Tap("#keys .close")
	bob.Until("no list", `!document.querySelector('#keys').open`)
}

// TestInvite shows how others come in.
func TestInvite(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-wifi-name", "rabbit", "-wifi-passphrase", "carrotcarrot")
	for _, d := range []Device{Small, Large} {
		ada := room.enter("Ada", d)
		kind := map[Device]string{Small: "phone", Large: "laptop"}[d]
		ada.Tap("#menu")
		ada.Tap("#options [data-act=invite]")
		ada.Until("both codes", `document.querySelector('#invite').open && [...document.querySelectorAll('#invite img')].filter((i) => i.complete && i.naturalWidth > 0).length === 2`)
		for _, text := range []string{"rabbit", "carrotcarrot", "http://"} {
			ada.Until(text, fmt.Sprintf(`document.querySelector('#invite').textContent.includes(%s)`, quote(text)))
		}
		ada.fits()
		for _, scheme := range []string{"light", "dark"} {
			ada.Prefer("prefers-color-scheme", scheme)
			ada.canBeRead(scheme + ", with the invitation")
			ada.Shot("talk-invite-" + kind + "-" + scheme)
		}
		ada.Tap("#invite .close")
		ada.Until("no invitation any more", `!document.querySelector('#invite').open`)
	}
	open := inProcess(t)
	bob := open.enter("Bob", Small)
	bob.Tap("#menu")
	bob.Tap("#options [data-act=invite]")
	bob.Until("the code of the chat, and none of a Wi-Fi", `document.querySelector('#invite').open && document.querySelectorAll('#invite figure:not([hidden]) img').length === 1`)
}
