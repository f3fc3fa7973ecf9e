package clip

// Batch is a reusable tensor of prepared pictures, float32 in NCHW order. Decode
// workers each write into a slot of their own with Preprocess.Into, so that
// pixels are never copied between the decoder and the session.
type Batch struct {
	Pixels []float32 // Cap()*SlotLen() values
	n      int
	cap    int
	slot   int
}

// NewBatch allocates a batch of capacity pictures for p.
func NewBatch(capacity int, p Preprocess) *Batch {
	slot := 3 * p.Crop.Width * p.Crop.Height
	return &Batch{Pixels: make([]float32, capacity*slot), cap: capacity, slot: slot}
}

// Slot returns the memory of picture i: three planes (red, green, blue) of
// Crop.Height rows of Crop.Width values. Distinct slots may be written
// concurrently.
func (b *Batch) Slot(i int) []float32 { return b.Pixels[i*b.slot : (i+1)*b.slot : (i+1)*b.slot] }

// SetLen declares that slots [0, n) are filled.
func (b *Batch) SetLen(n int) { b.n = n }

// Len is the number of filled slots.
func (b *Batch) Len() int { return b.n }

// Part is slots [from, to) as a filled batch of its own, over the same memory.
func (b *Batch) Part(from, to int) *Batch {
	return &Batch{Pixels: b.Pixels[from*b.slot : to*b.slot : to*b.slot], n: to - from, cap: to - from, slot: b.slot}
}

// Cap is the number of slots.
func (b *Batch) Cap() int { return b.cap }
