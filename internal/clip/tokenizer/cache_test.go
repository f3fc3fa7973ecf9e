package tokenizer

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// realTokenizers are files of both families, by name.
func realTokenizers(tb testing.TB) map[string][]byte {
	return map[string][]byte{"clip": clipJSON(tb), "bert": bertJSON(tb)}
}

var cacheTexts = []string{
	"a photo of a dog", "", "Ünïcode 🦊 café 你好 naïve", "<|endoftext|> inside [MASK] it", "supercalifragilisticexpialidocious's 1234",
}

func TestTokenizerCache(t *testing.T) {
	for name, file := range realTokenizers(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "tokenizer.json")
			if err := os.WriteFile(path, file, 0o644); err != nil {
				t.Fatal(err)
			}
			plain, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			c := Cache{Dir: filepath.Join(dir, "cache"), Log: slog.New(slog.DiscardHandler)}
			same := func(state string) {
				t.Helper()
				got, err := c.Load(path, "fingerprint")
				if err != nil {
					t.Fatalf("%s: %v", state, err)
				}
				for _, text := range cacheTexts {
					if diff := cmp.Diff(plain.Encode(text, 77), got.Encode(text, 77)); diff != "" {
						t.Errorf("%s: %q (-file +cache):\n%s", state, text, diff)
					}
				}
			}
			same("made")
			entries, err := os.ReadDir(c.Dir)
			if err != nil || len(entries) != 1 {
				t.Fatalf("%d entries, %v", len(entries), err)
			}
			entry := filepath.Join(c.Dir, entries[0].Name())
			compiled, err := os.ReadFile(entry)
			if err != nil {
				t.Fatal(err)
			}
			// Only the compiled form is there to be read.
			if err := os.Rename(path, path+".away"); err != nil {
				t.Fatal(err)
			}
			same("read")
			if err := os.Rename(path+".away", path); err != nil {
				t.Fatal(err)
			}
			for state, damaged := range map[string][]byte{
				"empty": {}, "cut": compiled[:len(compiled)/2], "flipped": flipped(compiled, len(compiled)-3),
				"another version": flipped(compiled, 8),
			} {
				if err := os.WriteFile(entry, damaged, 0o644); err != nil {
					t.Fatal(err)
				}
				same(state)
				if healed, _ := os.ReadFile(entry); !bytes.Equal(healed[:8], compiledMagic) || len(healed) != len(compiled) {
					t.Errorf("%s: the entry was not rebuilt", state)
				}
			}
		})
	}
}

func TestTokenizerCacheWithoutAFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenizer.json")
	if err := os.WriteFile(path, bertJSON(t), 0o644); err != nil {
		t.Fatal(err)
	}
	notAFolder := path
	for _, dir := range []string{"", notAFolder} {
		c := Cache{Dir: dir, Log: slog.New(slog.DiscardHandler)}
		if _, err := c.Load(path, "f"); err != nil {
			t.Errorf("folder %q: %v", dir, err)
		}
	}
}

func TestTokenizerCacheStaysSmall(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tokenizer.json")
	if err := os.WriteFile(path, bertJSON(t), 0o644); err != nil {
		t.Fatal(err)
	}
	c := Cache{Dir: filepath.Join(dir, "cache"), Log: slog.New(slog.DiscardHandler)}
	for i := range tokenizersKept + 3 {
		if _, err := c.Load(path, strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if entries, err := os.ReadDir(c.Dir); err != nil || len(entries) != tokenizersKept {
		t.Errorf("%d entries, want %d, %v", len(entries), tokenizersKept, err)
	}
}

// A file whose checksum fits but whose tables do not must be refused, not believed.
func FuzzLoadCompiled(f *testing.F) {
	var j tokenizerJSON
	if err := json.Unmarshal(clipJSON(f), &j); err != nil {
		f.Fatal(err)
	}
	j.Model = nil // compile takes the model as it is in memory
	file, err := json.Marshal(j)
	if err != nil {
		f.Fatal(err)
	}
	small := newBPEMemory()
	small.merges = newMergeTable([]pair{{1, 2}, {0, 1}, {1, 1}}, []uint32{3, 4, 5})
	compiled, err := compile(file, small)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(compiled[compiledHead:])
	f.Fuzz(func(t *testing.T, body []byte) {
		b := append(append([]byte{}, compiled[:compiledHead]...), body...)
		binary.LittleEndian.PutUint32(b[12:], crc32.ChecksumIEEE(body))
		p, err := loadCompiled(b)
		if bytes.Equal(b, compiled) && err != nil {
			t.Fatal(err)
		}
		if err == nil {
			p.Encode("ab a b abab", 20)
		}
	})
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func BenchmarkLoadTokenizer(b *testing.B) {
	for name, file := range realTokenizers(b) {
		p, err := parseTokenizer(file)
		if err != nil {
			b.Fatal(err)
		}
		compiled, err := compile(file, p.model)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/json", func(b *testing.B) {
			for b.Loop() {
				if _, err := parseTokenizer(file); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/compiled", func(b *testing.B) {
			for b.Loop() {
				if _, err := loadCompiled(compiled); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
