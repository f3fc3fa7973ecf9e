package browser

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestServed goes through the page over the real server, with real photos and the starter
// model.
func TestServed(t *testing.T) {
	mine := t.TempDir()
	copyFile(t, filepath.Join(photos(t, "animals/mammals/cats"), "tiger.png"), filepath.Join(mine, "the same tiger.png"))
	s := serve(t, []string{photos(t, "animals"), photos(t, "food"), mine}, "--allow-write", "--allow-index")
	t.Run("search", func(t *testing.T) {
		p := open(t, s.address, view{})
		p.until(`document.querySelectorAll('.cell').length > 10`)
		p.query("a tiger")
		p.text(".chip", "a tiger")
		p.until(`document.querySelector('#hit-0')?.getAttribute('aria-label').includes('tiger')`)
		p.settled()
		p.axe()
		p.shot("served-search")
		// An error of the language, under its column.
		p.expect("400")
		p.query("a tiger after:yesterday")
		p.text(".fault", "not a date")
		p.query("tiger has:")
		p.text(".completions li", "gps")
	})
	t.Run("detail", func(t *testing.T) {
		p := open(t, s.address+"#/?q=a+tiger", view{})
		p.click("#hit-0")
		p.text(".detail h2", "tiger")
		p.text(".why .term", "a tiger")
		p.until(`document.querySelector('.big.in')?.naturalWidth > 50`)
		p.axe()
		p.shot("served-detail")
		p.click(".actions button", "More like this")
		p.until(`/^@[0-9a-f]{40}$/.test(document.getElementById('q').value)`)
		p.text(".chip", "like")
		p.until(`document.querySelectorAll('.cell').length > 10 && !document.querySelector('[aria-busy]')`)
		p.click("#hit-3")
		p.click(".actions button", "Unlike this")
		p.until(`/^@[0-9a-f]{40} - @[0-9a-f]{40}$/.test(document.getElementById('q').value)`)
		p.until(`document.querySelectorAll('.chip').length === 2`)
		p.settled()
		p.shot("served-like")
		p.run(chromedp.NavigateBack())
		p.until(`document.querySelectorAll('.chip').length === 1`)
	})
	t.Run("drop", func(t *testing.T) {
		p := open(t, s.address, view{})
		p.until(`document.querySelectorAll('.cell').length > 10`)
		eval[bool](p, `(async () => {
			const hit = (await (await fetch('api/v1/search?q=a+tiger&limit=1')).json()).hits[0];
			const blob = await (await fetch('api/v1/images/' + hit.id + '/file')).blob();
			const data = new DataTransfer();
			data.items.add(new File([blob], 'dropped.png', {type: blob.type}));
			dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
			window.dropped = hit.id;
			return true;
		})()`)
		p.until(`document.querySelectorAll('.picchip').length === 1`)
		p.until(`!document.querySelector('[aria-busy="true"]') && document.querySelector('#hit-0')?.dataset.id === dropped`)
		p.settled()
		p.axe()
		p.shot("served-drop")
		p.query("in the snow")
		p.text(".chip", "in the snow")
		p.click(".pic")
		p.click(".weight button", "Remove")
		p.until(`document.querySelectorAll('.picchip').length === 0`)
	})
	t.Run("broken picture", func(t *testing.T) {
		p := open(t, s.address, view{})
		p.expect("422")
		p.until(`document.querySelectorAll('.cell').length > 10`)
		p.do(`const data = new DataTransfer();
			data.items.add(new File(['no picture at all'], 'broken.jpg', {type: 'image/jpeg'}));
			dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}))`)
		p.text(".fault", "picture")
	})
	t.Run("tag and undo", func(t *testing.T) {
		p := open(t, s.address+"#/?q=a+tiger", view{})
		p.until(`document.querySelectorAll('.cell').length > 10`)
		p.do(`document.querySelector('.grid').focus()`)
		p.press(kb.Home, " ", kb.ArrowRight, " ")
		p.text("#selection", "2 selected")
		p.click("#selection button", "Tag")
		p.text("dialog h2", "Tag 2 pictures")
		p.axe()
		p.press("stripy, big cat")
		p.press(kb.Enter)
		p.said("Tagged 2 pictures")
		p.until(`!document.querySelector('dialog')`)
		p.do(`document.querySelector('.grid').focus()`)
		p.press(kb.Home, "x")
		p.click("#selection button", "Make a label")
		p.text("dialog h2", "A label made of 1 picture")
		p.press("stripes")
		p.press(kb.Enter)
		p.said("Search for #stripes")
		p.until(`!document.querySelector('dialog')`)
		p.query("#str")
		p.text(".completions li", "stripes")
		p.query("tag:stripy")
		p.text(".count", "2 pictures")
		p.query(`tag:"big cat"`)
		p.text(".count", "2 pictures")
		p.click(".toast button", "Undo")
		p.said("Undone")
		p.query("tag:stripy ")
		p.text(".empty", "Nothing found")
	})
	t.Run("filters", func(t *testing.T) {
		p := open(t, s.address, view{})
		p.until(`document.querySelectorAll('.cell').length > 10`)
		p.click("#filters")
		p.text("#filterpanel", "Folder")
		p.axe()
		p.shot("served-filters")
		p.do(`const f = document.querySelector('[name=format]'); f.value = 'jpeg'; f.dispatchEvent(new Event('change', {bubbles: true}))`)
		p.until(`document.getElementById('q').value === 'format:jpeg'`)
		p.do(`const f = document.querySelector('[name=format]'); f.value = 'png'; f.dispatchEvent(new Event('change', {bubbles: true}))`)
		p.until(`document.getElementById('q').value === 'format:png'`)
		p.click("#filterpanel button", "Clear")
		p.until(`document.getElementById('q').value === ''`)
	})
	t.Run("copies", func(t *testing.T) {
		p := open(t, s.address+"#/duplicates", view{})
		p.text(".lead", "1 group")
		p.text(".group", "the same tiger.png")
		p.settled()
		p.axe()
		p.shot("served-copies")
	})
	t.Run("labels", func(t *testing.T) {
		p := open(t, s.address+"#/labels", view{})
		p.text("h1", "Labels")
		p.click("textarea")
		p.run(chromedp.KeyEvent("tiger, bird, fruit"))
		p.do(`const r = document.querySelector('.least input'); r.value = 0.2; r.dispatchEvent(new Event('input', {bubbles: true}))`)
		p.click("button", "Try it")
		p.text(".state", "tags on")
		p.settled()
		p.axe()
		p.shot("served-labels")
		p.click(".verdict button", "Yes,")
		p.until(`document.querySelector('.verdict button[aria-pressed="true"]')`)
		p.do(`[...document.querySelectorAll('.label')].find((l) => l.ariaLabel === 'fruit').querySelectorAll('.verdict button')[1].click()`)
		p.until(`document.querySelector('.match.rejected')`)
		p.click("button", "Write the tags")
		p.said("The tags are written")
		p.text(".table", "3 labels")
		p.query("tag:bird")
		p.until(`document.querySelectorAll('.cell').length > 2`)
		p.press(kb.Escape) // what completion offers would lie over it
		p.click("#hit-0")
		p.text(".detail .tags small", "by a tag run")
		p.press(kb.Escape)
		p.run(chromedp.Navigate(s.address + "#/labels"))
		p.click(".table button", "Undo")
		p.said("taken back")
		p.query("tag:bird ")
		p.text(".count", "1 picture") // what a person approved stays
	})
	t.Run("map", func(t *testing.T) {
		if out, err := command(t, s.home, "indexer", "explore", "--db", s.db).CombinedOutput(); err != nil {
			t.Fatalf("indexer explore: %v\n%s", err, out)
		}
		p := open(t, s.address+"#/map", view{})
		p.until(`document.querySelector('canvas')?.dataset.ready !== undefined`)
		p.text(".clusters h2", "clusters")
		p.settled()
		p.axe()
		p.shot("served-map")
		p.click(".cluster button", "look")
		p.until(`document.getElementById('q').value.startsWith('cluster:') && document.querySelectorAll('.cell').length > 2`)
	})
	t.Run("index", func(t *testing.T) {
		p := open(t, s.address+"#/status", view{})
		p.text(".facts", "starter")
		p.axe()
		p.shot("served-status")
		// New pictures are seen while the page is open.
		before := eval[string](p, `document.querySelector('.work strong').textContent`)
		stripes(t, filepath.Join(mine, "stripes.jpg"), 5)
		if err := os.WriteFile(filepath.Join(mine, "damaged.jpg"), []byte("\xff\xd8\xff\xe0 nothing"), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := command(t, s.home, "indexer", "run", "--db", s.db, mine).CombinedOutput(); err == nil {
			t.Errorf("the damaged file was indexed: %s", out)
		}
		p.until(`document.querySelector('.work strong').textContent !== '` + before + `'`)
		p.text(".pathcell", "damaged.jpg")
		// And a run is started from the page.
		now := eval[string](p, `document.querySelector('.work strong').textContent`)
		stripes(t, filepath.Join(mine, "more stripes.jpg"), 3)
		p.click("main button", "Look for new pictures")
		p.until(`document.querySelector('.work strong').textContent !== '` + now + `'`)
		p.axe()
	})
	t.Run("goes away and comes back", func(t *testing.T) {
		p := open(t, s.address, view{})
		p.until(`document.querySelectorAll('.cell').length > 10`)
		p.expect("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_SOCKET_NOT_CONNECTED", "ERR_EMPTY_RESPONSE")
		s.end()
		p.query("a bird")
		p.text("#banner", "does not answer")
		p.shot("served-away")
		s.begin()
		p.said("back")
		p.text(".chip", "a bird")
	})
}

// TestServedEmpty: an index without pictures is no error, and the page sees the first ones.
func TestServedEmpty(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, []string{dir})
	p := open(t, s.address, view{})
	p.text(".empty", "No pictures yet")
	p.axe()
	p.shot("served-empty")
	p.expect("404")
	p.run(chromedp.Navigate(s.address + "#/map"))
	p.text(".empty", "indexer explore")
}

// TestServedToken: a server with tokens shows nothing without one, and offers no changes to
// who may only read.
func TestServedToken(t *testing.T) {
	mine := t.TempDir()
	for i := range 8 {
		stripes(t, filepath.Join(mine, "stripes"+string(rune('a'+i))+".jpg"), i+1)
	}
	tokens := filepath.Join(mine, "tokens")
	if err := os.WriteFile(tokens, []byte("read a-token-to-look-0123\nwrite a-token-to-write-0123\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, []string{mine}, "--allow-write", "--token-file", tokens)
	p := open(t, s.address, view{expect: []string{"401"}, stranger: true})
	p.text("dialog.locked", "asks for a token")
	p.axe()
	p.shot("served-locked")
	p.press("wrong")
	p.press(kb.Enter)
	p.text("dialog.locked .bad", "not a token")
	p.do(`document.querySelector('dialog.locked input').select()`)
	p.press("a-token-to-look-0123")
	p.press(kb.Enter)
	p.until(`document.querySelectorAll('.cell').length === 8`)
	p.until(`document.body.classList.contains('readonly')`)
	p.do(`document.querySelector('.grid').focus()`)
	p.press("x")
	p.text("#selection", "1 selected")
	if eval[bool](p, `document.getElementById('selection').textContent.includes('Tag')`) {
		t.Error("a token that may only read is offered tagging")
	}
	// The token that --open leaves in the address is used and taken out of it.
	q := open(t, s.address+"#token=a-token-to-write-0123", view{})
	q.until(`document.querySelectorAll('.cell').length === 8 && location.hash === '#/'`)
	q.until(`!document.body.classList.contains('readonly')`)
}
