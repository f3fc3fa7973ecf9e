package resample

import (
	"fmt"
	"math"
)

// Coefficients are fixed-point numbers of this many fractional bits: Pillow's
// PRECISION_BITS for 8-bit channels, which leaves two bits of a signed 32-bit sum
// for overshoot.
const (
	precisionBits = 32 - 8 - 2
	half          = 1 << (precisionBits - 1)
	half2         = half | half<<32
)

// clip rounds a fixed-point sum, to which half has been added, to a sample.
func clip(sum int32) byte {
	v := sum >> precisionBits
	if uint32(v) <= 255 {
		return byte(v)
	}
	if v < 0 {
		return 0
	}
	return 255
}

// kernel is a resampling filter: it is zero outside [-support, support].
type kernel struct {
	support float64
	weight  func(x float64) float64
}

func (f Filter) kernel() kernel {
	switch f {
	case Bilinear:
		return kernel{1, triangle}
	case Bicubic:
		return kernel{2, cubic}
	case Lanczos:
		return kernel{3, lanczos3}
	}
	panic(fmt.Sprintf("imaging: unknown filter %q", string(f)))
}

func triangle(x float64) float64 {
	if x = math.Abs(x); x < 1 {
		return 1 - x
	}
	return 0
}

// cubic is Keys' kernel with a = -0.5. Every product is converted explicitly,
// which forbids the compiler to fuse it with an addition, so that all processors
// round as the reference does.
func cubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64(float64((float64((a+2)*x)-(a+3))*x)*x) + 1
	case x < 2:
		return float64((float64((float64((x-5)*x)+8)*x) - 4) * a)
	}
	return 0
}

func lanczos3(x float64) float64 {
	if -3 <= x && x < 3 {
		return float64(sinc(x) * sinc(x/3))
	}
	return 0
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}

// axis holds the coefficients for the outputs [lo, hi) of one dimension. They are
// kept from call to call, because pictures of one collection tend to share sizes.
type axis struct {
	in, out, lo, hi int
	filter          Filter

	identity bool    // in == out: Pillow skips the pass, and every output is one sample times 1
	first    []int   // for each output, the first source position it reads
	count    []int   // and how many
	coef     []int64 // stride of them for each output
	stride   int
	weights  []float64
}

// prepare computes the coefficients as Pillow's precompute_coeffs and
// normalize_coeffs_8bpc do. It returns false if they are still there from the last
// call.
func (a *axis) prepare(in, out, lo, hi int, f Filter) bool {
	if a.in == in && a.out == out && a.lo == lo && a.hi == hi && a.filter == f {
		return false
	}
	k := f.kernel()
	a.in, a.out, a.lo, a.hi, a.filter = in, out, lo, hi, f
	n := hi - lo
	if a.identity = in == out; a.identity {
		a.stride = 1
		a.first, a.count, a.coef = grow(a.first, n), grow(a.count, n), grow(a.coef, n)
		for i := range n {
			a.first[i], a.count[i], a.coef[i] = lo+i, 1, 1<<precisionBits
		}
		return true
	}
	scale := float64(in) / float64(out)
	stretch := max(scale, 1) // enlarging does not shrink the kernel
	support := float64(k.support * stretch)
	a.stride = int(math.Ceil(support))*2 + 1
	a.first, a.count = grow(a.first, n), grow(a.count, n)
	a.coef, a.weights = grow(a.coef, n*a.stride), grow(a.weights, a.stride)
	inverse := 1 / stretch
	for i := range n {
		center := float64((float64(lo+i) + 0.5) * scale)
		from := max(int(center-support+0.5), 0)
		to := min(int(center+support+0.5), in)
		weights := a.weights[:to-from]
		sum := 0.0
		for j := range weights {
			weights[j] = k.weight(float64((float64(j+from) - center + 0.5) * inverse))
			sum += weights[j]
		}
		coef := a.coef[i*a.stride:][:len(weights)]
		for j, w := range weights {
			if sum != 0 {
				w /= sum
			}
			fixed := float64(w * (1 << precisionBits))
			coef[j] = int64(fixed + math.Copysign(0.5, fixed))
		}
		a.first[i], a.count[i] = from, len(weights)
	}
	return true
}

// outputs returns how many outputs the axis has.
func (a *axis) outputs() int { return a.hi - a.lo }

// taps returns the coefficients of output lo+i.
func (a *axis) taps(i int) []int64 { return a.coef[i*a.stride:][:a.count[i]] }

// span returns the source positions [from, to) that the outputs read.
func (a *axis) span() (from, to int) {
	last := len(a.first) - 1
	return a.first[0], a.first[last] + a.count[last]
}
