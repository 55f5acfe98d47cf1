package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestSearch looks for words in what was said.
func TestSearch(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	room.sayAll("Rob", "The first CARROT (of many)")
	room.sayAll("Rob", numbered("line %d", 0, 80)...)
	room.sayAll("Rob", "a carrot and a carrot", "http://example.com/carrots", "the end")
	for _, d := range []Device{Small, Large} {
		ada := room.enter("Ada", d)
		ada.Guest += " on a " + map[bool]string{true: "phone", false: "laptop"}[d.Touch]
		kind := map[Device]string{Small: "phone", Large: "laptop"}[d]
		ada.At("the end")
		if d.Touch {
			ada.Tap("#menu")
			ada.Until("the menu", `!document.querySelector('#options').hidden`)
			ada.fits()
			ada.Shot("talk-menu-" + kind)
			ada.Tap("#options [data-act=search]")
		} else {
			ada.Press("f", chromedp.ModifierCtrl)
		}
		ada.Until("the line to search in", `document.activeElement.id === 'query' && document.querySelector('#options').hidden`)
		ada.Press("carrot")
		says := func(text string) {
			t.Helper()
			ada.Until("the words "+text, fmt.Sprintf(`document.querySelector('#found').textContent === %s`, quote(text)))
		}
		shows := func(text string) {
			t.Helper()
			ada.Until(text+" in sight, standing out", visible+`(`+found(text)+`) && `+found(text)+`.classList.contains('lit')`)
		}
		says("1 of 3")
		shows("http://example.com/carrots")
		if n := See[int](ada, `CSS.highlights.get('found').size`); n != 4 {
			t.Errorf("%d carrots are marked, there are 4", n)
		}
		ada.fits()
		ada.lookIsRight2()
		ada.Shot("talk-search-" + kind)
		ada.Press(kb.Enter)
		says("2 of 3")
		shows("a carrot and a carrot")
		ada.Tap("#search button:first-of-type")
		says("3 of 3")
		shows("The first CARROT (of many)")
		ada.Prefer("prefers-color-scheme", "dark")
		ada.canBeRead("dark, with a search")
		ada.Shot("talk-search-far-" + kind)
		ada.Tap("#newer")
		says("2 of 3")
		See[bool](ada, `document.querySelector('#query').select() || true`)
		ada.Press("carrots (of")
		says("nothing")
		See[bool](ada, `document.querySelector('#query').select() || true`)
		ada.Press("(OF M")
		says("1 of 1")
		ada.Press(kb.Escape)
		ada.Until("no search any more", `document.querySelector('#search').hidden && !CSS.highlights.has('found') && document.activeElement.id === 'conversation'`)
	}
}
