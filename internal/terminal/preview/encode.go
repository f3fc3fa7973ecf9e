package preview

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/iterm2"
	"github.com/charmbracelet/x/ansi/kitty"
	"github.com/charmbracelet/x/ansi/sixel"
)

// encodeKitty sends a PNG in chunks, so that it needs no files in common with the
// terminal and works through ssh. The terminal is told not to answer: its answer
// would be read as typed input by the shell.
func encodeKitty(img image.Image, columns int) (string, error) {
	var b bytes.Buffer
	err := kitty.EncodeGraphics(&b, img, &kitty.Options{
		Action:       kitty.TransmitAndPut,
		Transmission: kitty.Direct,
		Format:       kitty.PNG,
		Quiet:        2,
		Columns:      columns,
		Chunk:        true,
	})
	return b.String(), err
}

// encodeITerm2 sends a PNG as one inline file.
func encodeITerm2(img image.Image, columns int) (string, error) {
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		return "", err
	}
	return ansi.ITerm2(iterm2.File{
		Size:    int64(file.Len()),
		Width:   iterm2.Cells(columns),
		Height:  iterm2.Auto,
		Inline:  true,
		Content: base64.StdEncoding.AppendEncode(nil, file.Bytes()),
	}), nil
}

// encodeSixel sends the pixels in up to 256 colours. What is transparent is left
// undrawn.
func encodeSixel(img image.Image, _ int) (string, error) {
	var b bytes.Buffer
	var e sixel.Encoder
	if err := e.Encode(&b, img); err != nil {
		return "", err
	}
	// 0: the aspect ratio is that of the payload; 1: undrawn pixels stay as they are.
	return ansi.SixelGraphics(0, 1, 0, b.Bytes()), nil
}
