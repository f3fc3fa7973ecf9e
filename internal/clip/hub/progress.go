package hub

import "time"

// Phase is what a fetch or a check is doing.
type Phase string

// The phases of a fetch, in their order; Verify has Checking alone.
const (
	Waiting     Phase = "waiting"     // for another process that fetches the same bundle
	Listing     Phase = "listing"     // asking the hub what there is
	Downloading Phase = "downloading" // bytes are coming
	Checking    Phase = "checking"    // bytes on disk are held against their checksums
)

// Progress is how far a fetch or a check has come.
type Progress struct {
	Phase Phase
	File  string // in hand, slash-separated within the bundle; empty between files
	// Done and Total count bytes over all files. Done starts with what an earlier
	// fetch left and goes back when a file has to be fetched again.
	Done, Total int64
	Rate        float64 // bytes per second over the last moments, of what this fetch brought; 0 until known
}

// Observer is told of progress at every change of phase or file, and in between at most
// ten times per second. Calls come one after another from the goroutine that
// called Fetch or Verify, and should return quickly.
type Observer interface {
	Progress(Progress)
}

// ObserverFunc makes an Observer of a function.
type ObserverFunc func(Progress)

// Progress calls f.
func (f ObserverFunc) Progress(p Progress) { f(p) }

const (
	reportEvery = 100 * time.Millisecond
	rateWindow  = time.Second // the rate is measured over this and smoothed
)

// meter turns bytes into Progress. A nil observer makes it silent.
type meter struct {
	obs Observer
	now func() time.Time
	p   Progress

	reported time.Time // when the observer was last called
	since    time.Time // start of the present window of the rate
	fresh    int64     // bytes in it
}

func newMeter(obs Observer, now func() time.Time) *meter { return &meter{obs: obs, now: now} }

// enter begins a phase or a file.
func (m *meter) enter(phase Phase, file string) {
	if m.p.Phase != phase {
		m.p.Rate, m.fresh, m.since = 0, 0, m.now()
	}
	m.p.Phase, m.p.File = phase, file
	m.report()
}

// start sets the totals.
func (m *meter) start(done, total int64) { m.p.Done, m.p.Total = done, total }

// moved counts n bytes that were transferred or read just now.
func (m *meter) moved(n int) {
	m.p.Done += int64(n)
	m.fresh += int64(n)
	now := m.now()
	if d := now.Sub(m.since); d >= rateWindow {
		rate := float64(m.fresh) / d.Seconds()
		if m.p.Rate > 0 {
			rate = 0.7*m.p.Rate + 0.3*rate
		}
		m.p.Rate, m.fresh, m.since = rate, 0, now
	}
	if now.Sub(m.reported) >= reportEvery {
		m.report()
	}
}

// lost takes back n bytes that have to be transferred again.
func (m *meter) lost(n int64) {
	m.p.Done -= n
	m.report()
}

func (m *meter) report() {
	if m.obs == nil {
		return
	}
	m.reported = m.now()
	m.obs.Progress(m.p)
}
