// Package browser drives the gallery in a real browser, headless Chromium. Half of its tests
// have a server of their own that makes answers up, so that an index can have a hundred
// thousand pictures or go away in the middle; the others run the built programs.
//
// Each page is watched while it is used: a message of an error in its console, a rule of its
// Content-Security-Policy that was broken, and a request to any other host fail the test.
// Screenshots are left in build/screenshots for people to look at.
package browser

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromiums are the names of the browser that the tests know to work.
var chromiums = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// patience is how long a page may take for all of its test. It only matters where something is
// wrong, or the machine is very busy.
const patience = 3 * time.Minute

// browser is the one that all tests share: starting it takes a second.
type browser struct {
	once   sync.Once
	ctx    context.Context
	cancel context.CancelFunc
	err    error
}

var shared browser

func TestMain(m *testing.M) {
	flag.Parse()
	if !testing.Short() && flag.Lookup("test.run").Value.String() == "" && chromium() != "" {
		go programs.make() // while the first tests run, which do without them
	}
	code := m.Run()
	if shared.cancel != nil {
		shared.cancel()
	}
	cleanPrograms()
	os.Exit(code)
}

// chromium is the path of the browser, "" where there is none.
func chromium() string {
	program := os.Getenv("SIGHTLINE_CHROMIUM")
	for _, name := range chromiums {
		if program == "" {
			program, _ = exec.LookPath(name)
		}
	}
	return program
}

// start returns the context of the running browser. Without one the test is skipped, unless
// CI is set: there the tests must run.
func start(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("drives a browser")
	}
	program := chromium()
	if program == "" {
		const advice = "no Chromium: scripts/chromium.sh installs it (Debian: apt-get install chromium), or SIGHTLINE_CHROMIUM names one"
		if os.Getenv("CI") != "" {
			t.Fatal(advice)
		}
		t.Skip(advice)
	}
	shared.once.Do(func() {
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(program),
			chromedp.NoSandbox, // the tests of a container run as root, and load their own pages only
			chromedp.WindowSize(1280, 800),
			chromedp.Flag("force-color-profile", "srgb"),
			chromedp.Flag("disable-dev-shm-usage", true),
			chromedp.Flag("lang", "en-GB"),
		)
		alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
		// The library logs messages of protocols that are newer than itself.
		ctx, cancel := chromedp.NewContext(alloc, chromedp.WithErrorf(func(string, ...any) {}))
		shared.ctx, shared.cancel = ctx, func() { cancel(); stop() }
		shared.err = chromedp.Do(ctx)
	})
	if shared.err != nil {
		t.Fatalf("start %s: %v", program, shared.err)
	}
	return shared.ctx
}

// tab is a page that is being watched.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	faults   []string
	requests []string
	allowed  []string // parts of messages that the test expects
}

// view is how a tab looks at pages.
type view struct {
	width, height int64
	scale         float64
	dark, touch   bool
	reduced       bool
	expect        []string // as in tab.expect, from the first request on
	// stranger is a browser without cookies. It sends those that it has to every port of a
	// host, so also those of servers before this one.
	stranger bool
}

// open loads an address in a tab of its own.
func open(t *testing.T, address string, v view) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(start(t))
	ctx, stop := context.WithTimeout(ctx, patience)
	p := &tab{t: t, ctx: ctx, allowed: v.expect}
	t.Cleanup(func() {
		if t.Failed() {
			p.shot("failed-" + strings.ReplaceAll(t.Name(), "/", "-"))
		}
		stop()
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, f := range p.faults {
			t.Error(f)
		}
	})
	host := mustParse(t, address).Host
	if err := chromedp.Listen(ctx, func(ev any) { p.hear(ev, host) }); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	call(p, network.Enable, network.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	call(p, runtime.Enable, cdp.Empty{})
	call(p, page.Enable, page.EnableParams{})
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: notes})
	if v.stranger {
		call(p, network.ClearBrowserCookies, cdp.Empty{})
	}
	p.look(v)
	p.run(chromedp.Navigate(address))
	return p
}

// look changes how the tab looks at its page.
func (p *tab) look(v view) {
	p.t.Helper()
	if v.width == 0 {
		v.width, v.height = 1280, 800
	}
	if v.scale == 0 {
		v.scale = 1
	}
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	motion := "no-preference"
	if v.reduced {
		motion = "reduce"
	}
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: v.width, Height: v.height, DeviceScaleFactor: v.scale, Mobile: v.touch,
	})
	call(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: v.touch})
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
	}})
}

// in lets the tab belong to a part of its test.
func (p *tab) in(t *testing.T, part func()) {
	whole := p.t
	p.t = t
	defer func() { p.t = whole }()
	part()
}

// notes keeps what toasts and the banner have said: they go away again, on a busy machine
// before anybody looks. stand gives the place of an element that can be clicked, once it has
// stood there for two frames and nothing covers it.
const notes = `
window.said = [];
addEventListener('DOMContentLoaded', () => {
	for (const id of ['toasts', 'banner']) {
		const e = document.getElementById(id);
		if (e) new MutationObserver(() => said.push(id + ': ' + e.textContent)).observe(e, {childList: true, subtree: true, characterData: true});
	}
});
window.frames2 = async () => {
	for (let i = 0; i < 2; i++) await new Promise((r) => { requestAnimationFrame(r); setTimeout(r, 500); });
};
window.stand = async (find) => {
	const e = find();
	if (!e || e.disabled) return null;
	e.scrollIntoView({block: 'nearest', behavior: 'instant'});
	const place = () => { const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; };
	const before = place();
	await frames2();
	const at = place();
	if (!e.isConnected || Math.abs(at[0] - before[0]) + Math.abs(at[1] - before[1]) > 0.5) return null;
	const top = document.elementFromPoint(...at);
	if (!top || !e.contains(top)) { e.scrollIntoView({block: 'center', behavior: 'instant'}); return null; }
	window.clicked = false;
	// What is there when the button goes down may have been redrawn.
	addEventListener('pointerdown', (ev) => { window.clicked = !!find()?.contains(ev.target); }, {once: true, capture: true});
	return at;
};
`

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// hear notes what a page must not do.
func (p *tab) hear(ev any, host string) {
	fault := func(format string, args ...any) {
		message := fmt.Sprintf(format, args...)
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, part := range p.allowed {
			if strings.Contains(message, part) {
				return
			}
		}
		p.faults = append(p.faults, message)
	}
	switch ev := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning || ev.Type == runtime.ConsoleAPICalledTypeAssert {
			var parts []string
			for _, arg := range ev.Args {
				parts = append(parts, string(arg.Value)+arg.Description)
			}
			fault("console: %s", strings.Join(parts, " "))
		}
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if ev.ExceptionDetails.Exception != nil {
			text += " " + ev.ExceptionDetails.Exception.Description
		}
		fault("exception: %s", text)
	case *log.EventEntryAdded:
		if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
			fault("log: %s %s", ev.Entry.Text, ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(ev.Request.URL)
		if err != nil || u.Scheme != "blob" && u.Scheme != "about" && u.Scheme != "data" && u.Host != host {
			fault("request to another host: %s", ev.Request.URL)
		}
		p.mu.Lock()
		p.requests = append(p.requests, ev.Request.URL)
		p.mu.Unlock()
	}
}

// expect says that a message of an error may come, where the test causes one.
func (p *tab) expect(parts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = append(p.allowed, parts...)
}

func (p *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatalf("in the browser: %v", err)
	}
}

// call runs a command of the browser's protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.ctx, command, params)
	if err != nil {
		p.t.Fatalf("in the browser: %v", err)
	}
	return r
}

// eval returns the value of an expression, awaited.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// do runs statements.
func (p *tab) do(statements string) {
	p.t.Helper()
	eval[bool](p, "(() => { "+statements+"; return true; })()")
}

// until waits until an expression is true. A page that is being replaced by another is asked
// again once that is there.
func (p *tab) until(expression string) {
	p.t.Helper()
	deadline := time.Now().Add(patience / 3)
	for {
		holds, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("(async () => !!(await ("+expression+")))()", chromedp.EvalAwaitPromise))
		if err != nil && !replaced(err) {
			p.t.Fatalf("%s: %v", expression, err)
		}
		if err == nil && holds {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("never true: %s (%v)\nthe page: %.600s", expression, err, eval[string](p, "document.body.innerText"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// replaced reports whether an expression could not be evaluated because the page that it was
// sent to made room for another. The protocol has one code for all its errors.
func replaced(err error) bool {
	for _, part := range []string{"Inspected target navigated", "Execution context was destroyed", "Cannot find context", "Cannot find default execution context"} {
		if strings.Contains(err.Error(), part) {
			return true
		}
	}
	return false
}

// text waits until something that a selector finds shows a text.
func (p *tab) text(selector, want string) {
	p.t.Helper()
	p.until(fmt.Sprintf("[...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q) && e.checkVisibility())", selector, want))
}

// said waits until a toast or the banner says something, or has said it.
func (p *tab) said(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("window.said?.some((s) => s.includes(%q))", text))
}

// settled waits until the pictures that are in sight have been painted.
func (p *tab) settled() {
	p.t.Helper()
	p.until(`!document.querySelector('[aria-busy="true"]')`)
	p.until(`[...document.images].every((i) => {
		const r = i.getBoundingClientRect();
		return i.complete || r.bottom < 0 || r.top > innerHeight || r.left > innerWidth || !i.checkVisibility();
	})`)
	p.until(`window.frames2().then(() => document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getComputedTiming().endTime === Infinity))`)
}

// shot leaves a screenshot in build/screenshots.
func (p *tab) shot(name string) {
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Logf("screenshot %s: %v", name, err)
		return
	}
	dir := filepath.Join("..", "..", "..", "build", "screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
