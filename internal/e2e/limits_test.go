package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sightline/sightline/internal/store/milvus/milvustest"
)

// keywords FILE COUNT LENGTH gives a PNG so many keywords of so many bytes, as XMP.
func keywords(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: keywords FILE COUNT LENGTH")
	}
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	length, err := strconv.Atoi(args[2])
	ts.Check(err)
	var xmp strings.Builder
	xmp.WriteString(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>`)
	for i := range count {
		fmt.Fprintf(&xmp, "<rdf:li>%0*d</rdf:li>", length, i)
	}
	xmp.WriteString("</rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>")
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	end := bytes.LastIndex(data, []byte("IEND")) - 4
	text := append([]byte("iTXtXML:com.adobe.xmp\x00\x00\x00\x00\x00"), xmp.String()...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(text)-4))
	chunk = binary.BigEndian.AppendUint32(append(chunk, text...), crc32.ChecksumIEEE(text))
	ts.Check(os.WriteFile(path, bytes.Join([][]byte{data[:end], chunk, data[end:]}, nil), 0o644))
}

// fakeMilvus starts a fake of the server, and lets the programs of the script use it.
func fakeMilvus(t *testing.T, ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: fakemilvus")
	}
	ts.Setenv("SIGHTLINE_STORE", "milvus")
	ts.Setenv("SIGHTLINE_MILVUS_ADDRESS", milvustest.Start(t).Address)
	ts.Setenv("SIGHTLINE_MILVUS_CONSISTENCY", "strong")
}
