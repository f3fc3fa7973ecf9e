package browser

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestViews looks at each view beside the pictures: that it shows what the server says, has
// no serious fault of accessibility, in both colours, and fits a phone.
func TestViews(t *testing.T) {
	f := newFake(t, 2000)
	for name, shows := range map[string]string{
		"days": "2023", "duplicates": "6 groups", "labels": "Tag runs", "status": "2,000 pictures", "map": "12 clusters",
	} {
		t.Run(name, func(t *testing.T) {
			narrow := view{width: 375, height: 720, scale: 2, touch: true}
			p := open(t, f.URL+"/#/"+name, narrow)
			p.text("main", shows)
			p.fits("view-"+name+"-narrow", narrow)
			p.fits("view-"+name, view{})
			p.fits("view-"+name+"-dark", view{dark: true})
		})
	}
}

// TestLabelling tries a list, moves the threshold, writes the tags and follows the run.
func TestLabelling(t *testing.T) {
	f := newFake(t, 200)
	p := open(t, f.URL+"/#/labels", view{})
	p.text(".card h2", "Tag runs")
	p.until(`document.querySelectorAll('.labelform select option[value=scenes]').length === 1`)
	p.do(`const s = document.querySelector('.labelform select'); s.value = 'scenes'; s.dispatchEvent(new Event('change'))`)
	p.text(".label h2", "valley")
	p.click("textarea")
	p.run(chromedp.KeyEvent("beach, mountain"))
	p.until(`document.querySelector('.labelform select').value === ''`)
	p.click("button", "Try it")
	p.text(".label h2", "beach")
	p.text(".state", "20 tags") // from where the command line begins
	p.text(".label h2", "mountain")
	p.settled()
	p.axe()
	p.shot("labelling")
	p.do(`const r = document.querySelector('.least input'); r.value = 0.9; r.dispatchEvent(new Event('input', {bubbles: true}))`)
	p.text(".state", "4 tags")
	p.click(".match .thumb")
	p.text(".detail h2", "picture-000000.jpg")
	p.press(kb.Escape)
	p.until(`document.activeElement.classList.contains('thumb')`)
	p.click("button", "Write the tags")
	p.said("The tags are written")
}

// TestThresholds tries a threshold of one label, sees what it changes, and saves it.
func TestThresholds(t *testing.T) {
	f := newFake(t, 200)
	p := open(t, f.URL+"/#/labels", view{})
	p.text(".card h2", "Tag runs")
	p.click("textarea")
	p.run(chromedp.KeyEvent("beach, mountain"))
	p.click("button", "Try it")
	p.text(".state", "20 tags")
	slide := func(label, value string) {
		p.do(`const r = document.querySelector('.label[aria-label="` + label + `"] input'); r.focus(); r.value = ` + value + `; r.dispatchEvent(new Event('input', {bubbles: true}))`)
	}
	slide("mountain", "0.8")
	p.text(`.label[aria-label="mountain"] small`, "3 pictures, 7 fewer than before")
	p.text(`.label[aria-label="beach"] small`, "10 pictures")
	if at := eval[string](p, `document.activeElement.ariaLabel`); at != "Least probability of mountain" {
		t.Errorf("the focus is on %q", at)
	}
	p.settled()
	p.axe()
	if over := eval[float64](p, `document.getElementById('view').scrollWidth - document.getElementById('view').clientWidth`); over > 0 {
		t.Errorf("the labels are %.0f pixels wider than the page", over)
	}
	p.shot("threshold")
	p.click(".label button", "As before")
	p.text(`.label[aria-label="mountain"] small`, "10 pictures")
	p.until(`!document.querySelector('.label[aria-label="mountain"] small').textContent.includes('before')`)
	slide("mountain", "0.9")
	p.text(`.label[aria-label="mountain"] small`, "2 pictures, 8 fewer than before")
	p.click(".label button", "Save this threshold")
	p.said("mountain is given from 90 % on")
	p.text(`.label[aria-label="mountain"] small`, "2 pictures")
	p.click(".label button", "Without its own")
	p.text(`.label[aria-label="mountain"] small`, "10 pictures, 8 more than before")
	slide("beach", "0.95")
	p.text(`.label[aria-label="beach"] small`, "1 picture, 9 fewer than before")
	p.click("button", "Write the tags")
	p.said("The tags are written")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.thresholds["mountain"] != 0 || f.thresholds["beach"] != 0.95 {
		t.Errorf("saved %v", f.thresholds)
	}
}

// TestDidYouMean: what was probably meant is a click away.
func TestDidYouMean(t *testing.T) {
	f := newFake(t, 50)
	p := open(t, f.URL+"/#/?q=tigr", view{})
	p.text(".remarks", `"tigr" may be a typing error. Did you mean`)
	p.axe()
	p.shot("did-you-mean")
	p.click(".remarks button", "tier")
	p.until(`document.getElementById('q').value === 'tier' && location.hash === '#/?q=tier'`)
	p.text(".chip", "tier")
	p.expect("400")
	p.query("boat format:jpge")
	p.text(".fault", "is no format")
	p.axe()
	p.shot("did-you-mean-error")
	p.click(".fault button", "jpeg")
	p.text(".chip", "boat format:jpeg")
	p.until(`!document.querySelector('.fault')`)
}

// TestErrorsAreSaidOnce: a page that begins with a query that is wrong says so in one place.
func TestErrorsAreSaidOnce(t *testing.T) {
	f := newFake(t, 50)
	p := open(t, f.URL, view{})
	p.expect("400")
	p.run(chromedp.Navigate(f.URL+"/#/?q=tag:a:b"), chromedp.Reload())
	p.text(".fault", "not a tag")
	p.text(".empty", "Correct the query above")
	if n := eval[float64](p, `document.body.innerText.split('not a tag').length - 1`); n != 1 {
		t.Errorf("the error stands there %.0f times", n)
	}
	p.expect("409")
	p.run(chromedp.Navigate(f.URL+"/#/?q=of%20another%20model"), chromedp.Reload())
	p.text(".empty", "the index was built by model old")
	p.text(".empty", "indexer run --rebuild")
	p.until(`!document.querySelector('.fault')`) // the query is not to blame
}

// TestOpenTheFolder asks the server for the file manager, where it offers that.
func TestOpenTheFolder(t *testing.T) {
	f := newFake(t, 50)
	p := open(t, f.URL, view{})
	p.until(`!document.body.classList.contains('readonly')`)
	p.until(`document.querySelectorAll('.cell').length > 10`)
	p.click("#hit-2")
	p.text(".detail h2", "picture-000002.jpg")
	p.click(".path button", "Open the folder")
	p.said("Asked the file manager")
	f.mu.Lock()
	revealed := slices.Clone(f.revealed)
	f.mu.Unlock()
	if len(revealed) != 1 || revealed[0] != fmt.Sprintf("%040x", 2) {
		t.Errorf("opened %q", revealed)
	}
	p.click(".path button", "photos")
	p.until(`document.getElementById('q').value === 'under:/photos'`)
}

// TestDaysLeadToPictures: a month and a day are queries.
func TestDaysLeadToPictures(t *testing.T) {
	f := newFake(t, 50)
	p := open(t, f.URL+"/#/days", view{})
	p.click(".month button", "December")
	p.until(`document.getElementById('q').value === 'after:2023-12 before:2024-01'`)
	p.text(".chip", "after:2023-12")
	p.run(chromedp.NavigateBack())
	p.text("h1", "Days")
}

// TestCopies lists what is not kept, by different rules.
func TestCopies(t *testing.T) {
	f := newFake(t, 50)
	p := open(t, f.URL+"/#/duplicates", view{})
	p.text(".lead", "6 groups")
	p.until(`document.querySelectorAll('.copy.kept').length === 6 && document.querySelector('.copy.kept').textContent.includes('picture-000000.jpg')`)
	p.do(`const s = document.querySelector('header select'); s.value = 'oldest'; s.dispatchEvent(new Event('change', {bubbles: true}))`)
	p.until(`document.querySelector('.copy.kept').textContent.includes('/copies')`)
	p.do(`document.querySelector('.copy:not(.kept) input').click()`)
	p.until(`document.querySelector('.copy.kept').textContent.includes('picture-000000.jpg') && document.activeElement.type === 'radio'`)
}

// TestMap draws a hundred thousand points, moves through them smoothly, and takes a lasso.
func TestMap(t *testing.T) {
	f := newFake(t, 100_000)
	p := open(t, f.URL+"/#/map", view{})
	p.until(`document.querySelector('canvas')?.dataset.ready !== undefined`)
	p.text(".mapnote", "100,000 pictures")
	p.settled()
	p.shot("map")
	// What a frame costs in script: sixty a second leave 16 ms.
	const frames = `(async () => {
		const c = document.querySelector('canvas'), times = [];
		for (let i = 0; i < 12; i++) {
			c.dispatchEvent(new KeyboardEvent('keydown', {key: i % 2 ? 'ArrowLeft' : 'ArrowRight'}));
			await new Promise(requestAnimationFrame);
			const before = performance.now();
			await new Promise(requestAnimationFrame);
			times.push(performance.now() - before);
		}
		return times.sort((a, b) => a - b)[6];
	})()`
	t.Logf("%.1f ms between frames", eval[float64](p, frames))
	p.click(".cluster button", "on the map")
	p.until(`document.activeElement.tagName === 'CANVAS'`)
	p.press("0")
	p.click(".maptools button", "Lasso")
	box := eval[[]float64](p, `(() => { const r = document.querySelector('canvas').getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`)
	at := func(x, y float64) (float64, float64) { return box[0] + x*box[2], box[1] + y*box[3] }
	p.drag(at, [][2]float64{{0.4, 0.4}, {0.6, 0.4}, {0.6, 0.6}, {0.4, 0.6}, {0.4, 0.42}})
	p.until(`document.querySelector('.mapactions') && parseInt(document.querySelector('.mapactions strong').textContent.replace(',', '')) > 1000`)
	p.axe()
	p.shot("lasso")
	p.click(".mapactions button", "More like these")
	p.until(`document.getElementById('q').value.startsWith('@')`)
	p.run(chromedp.Navigate(f.URL + "/#/map"))
	p.click(".cluster button", "look")
	p.until(`document.getElementById('q').value === 'cluster:1'`)
}

// TestNamesAreNoMarkup: what comes from a file's name is text.
func TestNamesAreNoMarkup(t *testing.T) {
	f := newFake(t, 10)
	p := open(t, f.URL+"/#/status", view{})
	p.text(".pathcell", "<img src=x onerror=alert(1)>")
	if n := eval[float64](p, `document.querySelectorAll('.pathcell img').length`); n != 0 {
		t.Errorf("%.0f elements came out of a name", n)
	}
}

// TestTwoTabs: each has its own query, and a choice of colours holds in both.
func TestTwoTabs(t *testing.T) {
	f := newFake(t, 100)
	one, two := open(t, f.URL, view{}), open(t, f.URL, view{})
	one.query("boat")
	one.text(".chip", "boat")
	two.text(".count", "100 pictures")
	if q := eval[string](two, `document.getElementById('q').value`); q != "" {
		t.Errorf("the other tab asks for %q", q)
	}
	one.click("#theme")
	one.until(`document.documentElement.dataset.theme === 'light'`)
	two.run(chromedp.Reload())
	two.until(`document.documentElement.dataset.theme === 'light'`)
	one.do("localStorage.clear()")
}
