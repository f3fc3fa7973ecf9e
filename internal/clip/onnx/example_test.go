package onnx_test

import (
	"fmt"
	"log"
	"os"

	"github.com/sightline/sightline/internal/clip/onnx"
)

// What the starter model's image tower takes and gives. Its weights are not read.
func ExampleReadHeader() {
	f, err := os.Open("../../../models/starter/onnx/vision_model_int8.onnx")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		log.Fatal(err)
	}
	h, err := onnx.ReadHeader(f, st.Size())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("in: ", h.Inputs)
	fmt.Println("out:", h.Outputs)
	// Output:
	// in:  [pixel_values float32[-1 3 224 224]]
	// out: [image_embeds float32[-1 384]]
}
