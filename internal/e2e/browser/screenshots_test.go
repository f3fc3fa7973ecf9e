package browser

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// screenshots is the folder that TestScreenshots writes to.
var screenshots = flag.String("screenshots", "", "make the screenshots of the README in `FOLDER`")

// TestScreenshots makes the pictures of the README where -screenshots names a folder: see
// scripts/screenshots.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("only with -screenshots FOLDER")
	}
	s := serve(t, []string{photos(t, "")}, "--allow-write")
	explore := command(t, s.home, "indexer", "explore", "--db", s.db)
	if out, err := explore.CombinedOutput(); err != nil {
		t.Logf("indexer explore: %v\n%s", err, out)
	}
	save := func(p *tab, name string) {
		quality := int64(82)
		p.settled()
		r := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: &quality})
		if err := os.WriteFile(filepath.Join(*screenshots, name+".webp"), r.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wide := view{width: 1280, height: 760, reduced: true}
	p := open(t, s.address+"#/?q=a+bird+-+sea", wide)
	p.until(`document.querySelectorAll('.cell').length > 10`)
	save(p, "gallery-search")

	dark := wide
	dark.dark = true
	p = open(t, s.address+"#/?q=a+tiger", dark)
	p.click("#hit-0")
	p.text(".why .term", "a tiger")
	p.until(`document.querySelector('.big.in')`)
	save(p, "gallery-picture")

	p = open(t, s.address+"#/labels", wide)
	p.click("textarea")
	p.run(chromedp.KeyEvent("bird, flower, fruit, musical instrument"))
	p.do(`const r = document.querySelector('.least input'); r.value = 0.3; r.dispatchEvent(new Event('input', {bubbles: true}))`)
	p.click("button", "Try it")
	p.text(".state", "tags on")
	p.do(`document.getElementById('view').scrollTop = 330`)
	save(p, "gallery-labels")

	wide.expect = []string{"404"}
	p = open(t, s.address+"#/map", wide)
	p.until(`document.querySelector('canvas')?.dataset.ready !== undefined || document.querySelector('main .empty')`)
	if eval[bool](p, `!!document.querySelector('canvas')`) {
		save(p, "gallery-map")
	}
}
