package progress

import (
	"math"
	"time"
)

// rateMemory is the time constant of rates: what is older counts little. It covers
// several batches even on a slow machine, so that the rate does not jump with each.
const rateMemory = 30 * time.Second

// rate is an exponentially weighted rate of events that come in lumps: events and
// time are both discounted by their age, and their ratio is the rate. So it is
// right from the first moments on, not only after a multiple of rateMemory. Time in
// which there is nothing to do does not count.
type rate struct {
	last   time.Time
	events float64 // discounted
	time   float64 // discounted, seconds
	gap    float64 // seconds with work since the last lump, not discounted
	weight float64 // of what comes at this moment
	lump   float64 // size of the last lump, discounted
	value  float64 // events per second when it came
}

// advance lets the time until now pass. busy says whether there was work meanwhile.
func (r *rate) advance(now time.Time, busy bool) {
	if d := now.Sub(r.last).Seconds(); busy && !r.last.IsZero() && d > 0 {
		tau := rateMemory.Seconds()
		keep := math.Exp(-d / tau)
		r.events *= keep
		r.time = r.time*keep + tau*(1-keep)
		// A lump is the work of the whole time since the one before, so it is
		// discounted as if it had come evenly over it.
		r.gap += d
		r.weight = tau * (1 - math.Exp(-r.gap/tau)) / r.gap
	}
	r.last = now
}

// add counts n events at the time of the last advance.
func (r *rate) add(n int) {
	r.gap = 0
	r.lump = float64(n) * r.weight
	r.events += r.lump
	if r.time > 0 {
		r.value = r.events / r.time
	}
}

// perSecond is the rate, 0 while unknown. It stands still between two lumps, and
// sinks once the next one is overdue.
func (r *rate) perSecond() float64 {
	if r.time <= 0 {
		return 0
	}
	return min(r.value, (r.events+r.lump)/r.time)
}
