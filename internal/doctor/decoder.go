package doctor

import (
	"context"
	"runtime"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/imaging"
)

// decoder says where the decoder that is written in C runs, and what is around it.
func decoder(ctx context.Context) Check {
	c := Check{Name: "decoder", State: OK}
	switch n := imaging.NativeDecoder(ctx); {
	case n == imaging.Native{}:
		c.Finding = "pictures are decoded without C, JPEGs by " + imaging.JPEGDecoder
	case n.Err == nil:
		c.Finding = imaging.JPEGDecoder + " runs in processes of its own; around them: " + n.Walls.String()
	case runtime.GOOS != "linux":
		c.Finding = imaging.JPEGDecoder + " runs in the program's own process, as it always does on this system"
	default:
		c.State = Warning
		c.Finding = imaging.JPEGDecoder + " runs in the program's own process: " + fault.Words(n.Err)
		c.Advice = "let the program start itself again (/proc, memfd_create), so that a picture that crashes the decoder costs nothing else"
	}
	return c
}
