package browser

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestSearchAsYouType: what is typed is asked for once the typing pauses, not at each key,
// and the address follows.
func TestSearchAsYouType(t *testing.T) {
	f := newFake(t, 500)
	p := open(t, f.URL, view{})
	p.text(".count", "500 pictures")
	p.do(`const q = document.getElementById('q'), line = 'a dog on a beach';
		q.focus();
		for (let i = 1; i <= line.length; i++) { q.value = line.slice(0, i); q.dispatchEvent(new Event('input', {bubbles: true})); }`)
	p.text(".chip", "a dog on a beach")
	p.until(`location.hash === '#/?q=a%20dog%20on%20a%20beach'`)
	f.mu.Lock()
	asked := slices.Clone(f.queries)
	f.mu.Unlock()
	if !slices.Equal(asked, []string{"", "a dog on a beach"}) {
		t.Errorf("searches for one line: %q", asked)
	}
	// An answer that comes late is not shown in place of that to a newer question.
	answer, answered := f.hold("old")
	p.query("old")
	p.press(kb.Enter)
	f.waitFor(t, "old")
	p.query("new")
	p.press(kb.Enter)
	p.text(".chip", "new")
	answer()
	<-answered
	if chip := eval[string](p, `window.frames2().then(() => document.querySelector('.chip').textContent)`); !strings.Contains(chip, "new") {
		t.Errorf("the page shows the answer to %q", chip)
	}
	p.click(".chip button")
	p.until(`document.getElementById('q').value === '' && !document.querySelector('.chip')`)

	p.expect("400")
	p.query("a dog tag:a:b")
	p.text(".fault", "not a tag")
	p.text(".fault .hint", "leave it out")
	// The mark stands under the seventh character.
	at := eval[[]float64](p, `(() => {
		const q = document.getElementById('q'), c = document.createElement('canvas').getContext('2d');
		const style = getComputedStyle(q);
		c.font = style.font;
		const want = q.getBoundingClientRect().left + parseFloat(style.paddingLeft) + c.measureText('a dog ').width;
		return [want, document.querySelector('.fault .caret').getBoundingClientRect().left];
	})()`)
	if d := at[1] - at[0]; d < -6 || d > 6 {
		t.Errorf("the mark of the error is %.1f pixels away from its column", d)
	}
	p.axe()
	p.shot("error")
	p.query("nothing")
	p.text(".empty", "Nothing found")
}

// TestCompletion offers what a filter can take, and writes it so that it is read as one.
func TestCompletion(t *testing.T) {
	f := newFake(t, 50)
	p := open(t, f.URL, view{})
	p.query("boat tag:se")
	p.text(".completions li", "seagull")
	p.axe()
	p.shot("completion")
	p.press(kb.ArrowDown, kb.ArrowDown, kb.Enter)
	p.until(`document.getElementById('q').value === 'boat tag:seagull '`)
	p.query("tag:birth")
	p.text(".completions li", "birthday party")
	p.press(kb.Tab)
	p.until(`document.getElementById('q').value === 'tag:"birthday party" '`)
	p.query("under:/ph")
	p.text(".completions li", "/photos/at sea")
	p.press(kb.Escape)
	p.until(`document.getElementById('completions').hidden && document.getElementById('q').value === 'under:/ph'`)
	p.query("#ho")
	p.text(".completions li", "holiday")
	p.query("-has:g")
	p.text(".completions li", "gps")
	p.press(kb.ArrowDown, kb.Enter)
	p.until(`document.getElementById('q').value === '-has:gps '`)
	p.query("und")
	p.press(kb.Tab)
	p.until(`document.getElementById('q').value === 'under:'`)
}

// TestScrolling goes through twenty thousand pictures: every row is reached, the document
// stays small, and so does what the page keeps.
func TestScrolling(t *testing.T) {
	f := newFake(t, 20000)
	p := open(t, f.URL, view{})
	// Small pictures: a third of the height to go through.
	p.do(`localStorage.setItem('sightline.zoom', '1')`)
	p.run(chromedp.Reload())
	p.until(`document.querySelectorAll('.cell').length > 10`)
	p.settled()
	p.shot("grid")
	heap := func() float64 {
		call(p, heapprofiler.CollectGarbage, cdp.Empty{})
		return call(p, runtime.GetHeapUsage, cdp.Empty{}).UsedSize / 1e6
	}
	before := heap()
	start := time.Now()
	// On a busy machine each frame is slow enough for the page to fetch its pictures: six
	// thousand of them, which is all that the test would wait for.
	p.do(`Object.defineProperty(HTMLImageElement.prototype, 'src', {configurable: true, set() {}})`)
	const through = `(async () => {
		const v = document.getElementById('view');
		let most = 0, still = 0, last = -1, longest = 0, n = 0;
		for (; n < 4000 && still < 40; n++) {
			v.scrollTop += v.clientHeight * 2.5;
			const before = performance.now();
			await new Promise(requestAnimationFrame);
			longest = Math.max(longest, performance.now() - before);
			most = Math.max(most, document.querySelectorAll('*').length);
			still = v.scrollTop === last ? still + 1 : 0;
			if (still) await new Promise((r) => setTimeout(r, 25));
			last = v.scrollTop;
		}
		const cells = [...document.querySelectorAll('.cell')].map((c) => Number(c.dataset.index));
		return [most, Math.max(...cells), longest, n];
	})()`
	call(p, performance.Enable, performance.EnableParams{})
	spent := threadTime(p)
	got := eval[[]float64](p, through)
	spent = (threadTime(p) - spent) / got[3]
	after := heap()
	t.Logf("%.0f elements at most, %.1f ms the longest frame, %.1f MB of heap before and %.1f MB after, %s in all", got[0], got[2], before, after, time.Since(start).Round(time.Millisecond))
	// Of the processor, not of the clock: a busy machine makes no difference.
	if t.Logf("%.1f ms of the processor for a frame", spent*1000); spent > 0.1 {
		t.Errorf("a frame takes %.0f ms of the page's thread", spent*1000)
	}
	// What is kept of twenty thousand hits is a few bytes each, and some pages of them.
	if after-before > 12 {
		t.Errorf("the heap has grown from %.1f to %.1f MB", before, after)
	}
	if got[0] > 1500 {
		t.Errorf("%.0f elements in the document", got[0])
	}
	if got[1] != 19999 {
		t.Errorf("the last picture in sight is number %.0f", got[1])
	}
	p.do("localStorage.clear()")
	p.text(".end", "That is all")
	p.do(`delete HTMLImageElement.prototype.src`)
	// Back at the top, what was dropped is asked for again.
	p.do(`document.getElementById('view').scrollTop = 0`)
	p.until(`document.getElementById('hit-0')?.dataset.id === '` + fmt.Sprintf("%040x", 0) + `'`)
}

// threadTime is how many seconds the processor has worked on the page's main thread.
func threadTime(p *tab) float64 {
	p.t.Helper()
	for _, m := range call(p, performance.GetMetrics, cdp.Empty{}).Metrics {
		if m.Name == "ThreadTime" {
			return m.Value
		}
	}
	p.t.Fatal("the browser does not tell the time of the thread")
	return 0
}

var paced = flag.Bool("paced", false, "scroll through 10,000 hits as fast as a person can look, and tell how long tasks are")

// TestPaced measures scrolling with pictures, a third of a screen a frame, where -paced asks
// for it: see docs/benchmarks.md. How long a task is says little of a busy machine.
func TestPaced(t *testing.T) {
	if !*paced {
		t.Skip("only with -paced")
	}
	f := newFake(t, 10000)
	p := open(t, f.URL, view{})
	p.until(`document.querySelectorAll('.cell').length > 10`)
	p.settled()
	call(p, performance.Enable, performance.EnableParams{})
	spent := threadTime(p)
	got := eval[[]float64](p, `(async () => {
		const v = document.getElementById('view'), long = [], frames = [];
		new PerformanceObserver((l) => l.getEntries().forEach((e) => long.push(e.duration))).observe({type: 'longtask'});
		let last = -1, still = 0, before = performance.now();
		while (still < 60) {
			v.scrollTop += v.clientHeight / 3;
			await new Promise(requestAnimationFrame);
			const now = performance.now();
			frames.push(now - before);
			before = now;
			still = v.scrollTop === last ? still + 1 : 0;
			last = v.scrollTop;
		}
		await new Promise((r) => setTimeout(r, 200));
		frames.sort((a, b) => a - b);
		return [frames.length, frames[frames.length >> 1], frames[Math.floor(frames.length * 0.99)], long.length, Math.max(0, ...long)];
	})()`)
	t.Logf("%.0f frames, %.1f ms between two, 99 of 100 within %.1f ms; %.1f ms of the processor each; %.0f tasks over 50 ms, the longest %.0f ms",
		got[0], got[1], got[2], (threadTime(p)-spent)/got[0]*1000, got[3], got[4])
}

// TestLayoutStands: the pictures lie where they lie before any of them has arrived.
func TestLayoutStands(t *testing.T) {
	f := newFake(t, 300)
	p := open(t, f.URL, view{})
	p.until(`document.querySelectorAll('.cell').length > 10`)
	const places = `JSON.stringify([...document.querySelectorAll('.cell')].slice(0, 20).map((c) => [c.style.transform, c.style.width]))`
	before := eval[string](p, places)
	p.settled()
	if after := eval[string](p, places); after != before {
		t.Errorf("the pictures moved:\n%s\n%s", before, after)
	}
	// Rows fill the width, and pictures keep their proportions.
	const rows = `(() => {
		const width = document.querySelector('.grid').clientWidth, ends = {};
		for (const c of document.querySelectorAll('.cell')) {
			const m = /translate\(([\d.]+)px, ([\d.]+)px\)/.exec(c.style.transform);
			ends[m[2]] = Math.max(ends[m[2]] ?? 0, Number(m[1]) + parseFloat(c.style.width));
		}
		return Object.values(ends).slice(0, -1).map((e) => Math.abs(e - width));
	})()`
	for _, off := range eval[[]float64](p, rows) {
		if off > 1.5 {
			t.Errorf("a row ends %.1f pixels beside the edge", off)
		}
	}
}

// TestKeysAlone finds, looks at, selects and leaves pictures without a mouse.
func TestKeysAlone(t *testing.T) {
	f := newFake(t, 400)
	p := open(t, f.URL, view{})
	p.until(`document.querySelectorAll('.cell').length > 10`)
	p.press("/")
	p.until(`document.activeElement.id === 'q'`)
	p.press("boat", kb.Enter)
	p.settled() // what was typed may have been asked for before Enter, and is asked for again
	p.text(".chip", "boat")
	p.press(kb.ArrowDown)
	p.until(`document.activeElement.classList.contains('grid') && document.querySelector('.grid').getAttribute('aria-activedescendant') === 'hit-0'`)
	p.press(kb.ArrowRight, kb.ArrowRight, kb.ArrowLeft)
	p.until(`document.querySelector('.grid').getAttribute('aria-activedescendant') === 'hit-1'`)
	p.press(kb.ArrowDown)
	p.until(`document.querySelector('.cell.active') && Number(document.querySelector('.cell.active').dataset.index) > 2`)
	p.shot("keys")
	p.press(kb.Home, kb.Enter)
	p.until(`document.querySelector('dialog.detail[open]')`)
	p.text(".detail h2", "picture-000000.jpg")
	p.press(kb.ArrowRight)
	p.text(".detail h2", "picture-000001.jpg")
	p.axe()
	p.press(kb.Escape)
	p.until(`!document.querySelector('dialog') && document.activeElement.classList.contains('grid')`)
	p.until(`document.querySelector('.grid').getAttribute('aria-activedescendant') === 'hit-1'`)
	p.press(" ", kb.ArrowRight, "x")
	p.text("#selection", "2 selected")
	p.axe()
	p.shot("selection")
	p.press(kb.Escape)
	p.until(`document.getElementById('selection').hidden`)
	p.press("?")
	p.text("dialog.help", "Keys")
	p.axe()
	p.shot("help")
	p.press(kb.Escape)
	p.until(`!document.querySelector('dialog')`)
	p.press("-", "-")
	p.until(`document.querySelector('.zoom input').value === '1'`)
}

// TestServerGoesAwayAndComesBack: a banner says so, and the page goes on by itself.
func TestServerGoesAwayAndComesBack(t *testing.T) {
	f := newFake(t, 200)
	p := open(t, f.URL, view{})
	p.text(".count", "200 pictures")
	p.expect("503")
	f.away.Store(true)
	p.query("boat")
	p.text("#banner", "does not answer")
	p.axe()
	p.shot("away")
	f.away.Store(false)
	p.said("back")
	p.text(".chip", "boat")
}

// TestEmptyCollection says how to fill it.
func TestEmptyCollection(t *testing.T) {
	f := newFake(t, 0)
	p := open(t, f.URL, view{})
	p.text(".empty", "No pictures yet")
	p.text(".empty code", "indexer run")
	p.axe()
	p.shot("empty")
}

// TestSmallAndQuick holds the page to its budget: 150 KB before the pictures, and the first
// paint early.
func TestSmallAndQuick(t *testing.T) {
	f := newFake(t, 200)
	p := open(t, f.URL, view{})
	p.settled()
	sizes := eval[[]float64](p, `(() => {
		const own = performance.getEntriesByType('resource').filter((e) => !e.name.includes('/api/'));
		const page = performance.getEntriesByType('navigation')[0];
		const sum = (key) => own.reduce((s, e) => s + e[key], page[key]);
		return [sum('decodedBodySize'), sum('encodedBodySize'), performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0];
	})()`)
	t.Logf("%.0f bytes, %.0f as they are sent; first paint after %.0f ms", sizes[0], sizes[1], sizes[2])
	if sizes[0] > 150_000 {
		t.Errorf("%.0f bytes before the pictures", sizes[0])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		if !strings.HasPrefix(r, f.URL) && !strings.HasPrefix(r, "blob:") {
			t.Errorf("request to %s", r)
		}
	}
}

// TestLooks leaves screenshots of the page in its sizes and colours, and finds no fault of
// accessibility in them.
func TestLooks(t *testing.T) {
	f := newFake(t, 3000)
	narrow := view{width: 375, height: 720, scale: 2, touch: true}
	p := open(t, f.URL, narrow)
	for _, look := range []struct {
		name string
		view view
	}{
		{"narrow", narrow},
		{"zoomed", view{width: 640, height: 400, scale: 2, reduced: true}}, // 1280 by 800 at 200 %
		{"reflow", view{width: 320, height: 640}},
		{"cinema", view{width: 3840, height: 2160}},
		{"landing", view{}},
		{"dark", view{dark: true}},
	} {
		t.Run(look.name, func(t *testing.T) { p.in(t, func() { p.fits("look-"+look.name, look.view) }) })
	}
}

// fits looks at a page in a way of its own: no serious fault of accessibility, and nothing
// beside the window. It leaves a screenshot.
func (p *tab) fits(name string, v view) {
	p.t.Helper()
	p.look(v)
	p.settled()
	p.axe()
	if over := eval[float64](p, `Math.max(document.documentElement.scrollWidth - innerWidth, document.getElementById('view').scrollWidth - document.getElementById('view').clientWidth)`); over > 0 {
		p.t.Errorf("the page is %.0f pixels wider than the window", over)
	}
	p.shot(name)
}
