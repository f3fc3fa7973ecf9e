package browser

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// click clicks as a person does, in the middle of the first visible element that a selector
// finds, or of the one with a text. It waits until that stands still, and clicks again where
// the page was redrawn between the look and the click.
func (p *tab) click(selector string, text ...string) {
	p.t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll(%q)].find((e) => e.checkVisibility() && (e.textContent + (e.ariaLabel ?? '')).includes(%q))", selector, strings.Join(text, ""))
	for {
		p.until("window.stand?.(() => " + find + ").then((at) => { window.at = at; return at; })")
		at := eval[[]float64](p, "window.at")
		p.run(chromedp.MouseClickXY(at[0], at[1]))
		hit, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("!!window.clicked"))
		if err != nil && !replaced(err) {
			p.t.Fatalf("click %s: %v", find, err)
		}
		if hit || err != nil {
			return
		}
	}
}

// drag draws a line with the mouse, through places that at turns into pixels.
func (p *tab) drag(at func(x, y float64) (float64, float64), places [][2]float64) {
	p.t.Helper()
	for i, place := range places {
		kind := input.DispatchMouseEventTypeMouseMoved
		if i == 0 {
			kind = input.DispatchMouseEventTypeMousePressed
		}
		x, y := at(place[0], place[1])
		p.run(chromedp.MouseEvent(kind, x, y, chromedp.ButtonLeft))
	}
	x, y := at(places[len(places)-1][0], places[len(places)-1][1])
	p.run(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, x, y, chromedp.ButtonLeft))
}

// press presses keys, one after the other: those of package kb, or characters.
func (p *tab) press(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		if len(k) > 1 && k[0] < 0x80 { // a text: one key after the other
			for _, r := range k {
				p.press(string(r))
			}
			continue
		}
		if k >= " " && k <= "~" && len(k) == 1 {
			// A key and its character in one, so that a page that takes the key for itself
			// keeps the character out of the field, as with a keyboard.
			call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Text: k, Key: k})
			call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: k})
			continue
		}
		p.run(chromedp.KeyEvent(k))
	}
}

// query replaces what is in the field, in one go: what is offered for half of it would come
// in between.
func (p *tab) query(line string) {
	p.t.Helper()
	p.do("const q = document.getElementById('q'); q.focus(); q.select()")
	if line == "" {
		p.press(kb.Delete)
		return
	}
	call(p, input.InsertText, input.InsertTextParams{Text: line})
}
