package browser

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
)

// axeSum is that of axe.min.js, see testdata/axe-core.
const axeSum = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"

// axe fails the test for each serious fault of accessibility of what is shown.
func (p *tab) axe() {
	p.t.Helper()
	packed, err := os.ReadFile("testdata/axe-core/axe.min.js.gz")
	if err != nil {
		p.t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		p.t.Fatal(err)
	}
	script, err := io.ReadAll(z)
	if err != nil {
		p.t.Fatal(err)
	}
	if sum := sha256.Sum256(script); hex.EncodeToString(sum[:]) != axeSum {
		p.t.Fatal("testdata/axe-core is not what it says")
	}
	if !eval[bool](p, "typeof axe !== 'undefined'") {
		p.do(string(script))
	}
	p.until(`document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getComputedTiming().endTime === Infinity)`)
	// No selectors for what is right, and no style sheets fetched again: no rule of these needs them.
	const look = `axe.run(document, {resultTypes: ['violations'], selectors: false, preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then((r) =>
		JSON.stringify(r.violations.map((v) => ({id: v.id, impact: v.impact, help: v.help,
			nodes: v.nodes.slice(0, 4).map((n) => n.html.slice(0, 200) + ' ' + n.failureSummary)}))))`
	var found []struct {
		ID, Impact, Help string
		Nodes            []string
	}
	if err := json.Unmarshal([]byte(eval[string](p, look)), &found); err != nil {
		p.t.Fatal(err)
	}
	for _, v := range found {
		if v.Impact == "serious" || v.Impact == "critical" {
			p.t.Errorf("axe: %s (%s): %s\n\t%s", v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n\t"))
		} else {
			p.t.Logf("axe: %s (%s): %s: %.200s", v.ID, v.Impact, v.Help, v.Nodes)
		}
	}
}
