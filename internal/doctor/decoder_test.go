package doctor

import (
	"runtime"
	"strings"
	"testing"

	"github.com/sightline/sightline/internal/imaging"
)

func TestDecoder(t *testing.T) {
	c := decoder(t.Context())
	if c.State != OK || !strings.Contains(c.Finding, imaging.JPEGDecoder) {
		t.Errorf("%+v", c)
	}
	if runtime.GOOS == "linux" && imaging.JPEGDecoder == "libjpeg-turbo" && !strings.Contains(c.Finding, "limits") {
		t.Errorf("%+v", c)
	}
}
