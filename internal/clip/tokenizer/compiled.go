package tokenizer

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
)

// A compiled tokenizer is a tokenizer.json in a form that loads in a millisecond: the
// file without its vocabulary and merges, and those as tables. Numbers are
// little-endian:
//
//	0   8 bytes  magic
//	8   uint32   version of this layout
//	12  uint32   CRC-32 (IEEE) of what follows
//	16  uint32   length of the JSON, then the JSON
//	then for BPE       inner and last (256 uint32 each), the number of starts and the
//	                   starts, the number of entries and the entries (3 uint32 each)
//	     for WordPiece the number of tokens, and for each its length, id and bytes
const compiledVersion = 1

var (
	compiledMagic = []byte("SIGHTTOK")
	errCompiled   = errors.New("not a compiled tokenizer of this version, or damaged")
)

const compiledHead = 16

// compile returns the compiled form of a tokenizer.json and the model made of it.
func compile(file []byte, m wordModel) ([]byte, error) {
	var j tokenizerJSON
	err := json.Unmarshal(file, &j)
	if err != nil {
		return nil, err
	}
	var tables []byte
	switch m := m.(type) {
	case *bpe:
		j.Model = json.RawMessage(`{"type":"BPE"}`)
		tables = m.appendTables(nil)
	case *wordPiece:
		if j.Model, err = withoutVocab(j.Model); err == nil {
			tables = m.appendTables(nil)
		}
	default:
		err = fmt.Errorf("a model of type %T cannot be compiled", m)
	}
	if err != nil {
		return nil, err
	}
	rest, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	b := append(make([]byte, 0, compiledHead+4+len(rest)+len(tables)), compiledMagic...)
	b = binary.LittleEndian.AppendUint32(b, compiledVersion)
	b = binary.LittleEndian.AppendUint32(b, 0) // the checksum's place
	b = binary.LittleEndian.AppendUint32(b, uint32(len(rest)))
	b = append(append(b, rest...), tables...)
	binary.LittleEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[compiledHead:]))
	return b, nil
}

// loadCompiled is the inverse of compile.
func loadCompiled(b []byte) (*pipeline, error) {
	if len(b) < compiledHead || !bytes.Equal(b[:8], compiledMagic) ||
		binary.LittleEndian.Uint32(b[8:]) != compiledVersion ||
		binary.LittleEndian.Uint32(b[12:]) != crc32.ChecksumIEEE(b[compiledHead:]) {
		return nil, errCompiled
	}
	r := &tableReader{rest: b[compiledHead:]}
	var j tokenizerJSON
	if err := json.Unmarshal(r.bytes(int(r.uint32())), &j); err != nil {
		return nil, fmt.Errorf("%w: %w", errCompiled, err)
	}
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(j.Model, &kind); err != nil {
		return nil, fmt.Errorf("%w: %w", errCompiled, err)
	}
	var m wordModel
	var split splitter
	var err error
	if kind.Type == "BPE" {
		m = r.bpe()
		split, err = parseCLIPSplit(j.PreTokenizer)
	} else {
		m, split, _, err = parseWordPiece(j.Model, j.PreTokenizer, r.vocab())
	}
	if err == nil && (r.short || len(r.rest) > 0) {
		err = errCompiled
	}
	if err != nil {
		return nil, err
	}
	return assemble(j, m, split, nil)
}

func (b *bpe) appendTables(out []byte) []byte {
	numbers := func(xs []uint32) {
		for _, x := range xs {
			out = binary.LittleEndian.AppendUint32(out, x)
		}
	}
	numbers(b.inner[:])
	numbers(b.last[:])
	numbers([]uint32{uint32(len(b.merges.start))})
	numbers(b.merges.start)
	numbers([]uint32{uint32(len(b.merges.entries))})
	for _, e := range b.merges.entries {
		numbers([]uint32{e.right, e.rank, e.id})
	}
	return out
}

func (w *wordPiece) appendTables(out []byte) []byte {
	out = binary.LittleEndian.AppendUint32(out, uint32(len(w.start)))
	for token, id := range w.start {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(token)))
		out = binary.LittleEndian.AppendUint32(out, id)
		out = append(out, token...)
	}
	return out
}

// withoutVocab is the model part of a tokenizer.json less its vocabulary.
func withoutVocab(raw json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	delete(fields, "vocab")
	fields["type"] = json.RawMessage(`"WordPiece"`)
	return json.Marshal(fields)
}

// tableReader takes tables off the front of a file. After one that is not all there,
// short is set and everything is empty.
type tableReader struct {
	rest  []byte
	short bool
}

func (r *tableReader) bytes(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.rest, r.short = nil, true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *tableReader) uint32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// numbers reads n values, of which there cannot be more than the file has bytes.
func (r *tableReader) numbers(n int) []uint32 {
	b := r.bytes(4 * n)
	out := make([]uint32, len(b)/4)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return out
}

func (r *tableReader) bpe() *bpe {
	b := newBPEMemory()
	copy(b.inner[:], r.numbers(len(b.inner)))
	copy(b.last[:], r.numbers(len(b.last)))
	b.merges.start = r.numbers(int(r.uint32()))
	n := int(r.uint32())
	flat := r.bytes(12 * n)
	b.merges.entries = make([]mergeEntry, len(flat)/12)
	for i := range b.merges.entries {
		e := flat[12*i : 12*i+12]
		b.merges.entries[i] = mergeEntry{
			binary.LittleEndian.Uint32(e), binary.LittleEndian.Uint32(e[4:]), binary.LittleEndian.Uint32(e[8:]),
		}
	}
	r.short = r.short || !b.merges.sound()
	return b
}

func (r *tableReader) vocab() map[string]uint32 {
	n := int(r.uint32())
	vocab := make(map[string]uint32, min(n, len(r.rest)/8))
	text := string(r.rest) // one copy that all tokens lie in
	for range n {
		length, id := r.uint32(), r.uint32()
		at := len(text) - len(r.rest)
		if r.bytes(int(length)); r.short {
			return nil
		}
		vocab[text[at:at+int(length)]] = id
	}
	return vocab
}
