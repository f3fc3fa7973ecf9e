package tune

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sightline/sightline/internal/atomicfile"
)

// Key names what a choice holds for: facts such as the model's fingerprint, the
// processor, the number of cores and the library.
func Key(facts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(facts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Load reads the choice that was saved under key. A file that is missing, damaged or
// says nothing usable about key is no choice: it is a cache.
func Load(path, key string) (Choice, bool) {
	choices, err := read(path)
	if err != nil {
		return Choice{}, false
	}
	c, ok := choices[key]
	return c, ok && c.Workers > 0 && c.Threads > 0 && c.BatchSize > 0
}

// Save keeps a choice under key, beside those of other keys. A damaged file is
// replaced.
func Save(path, key string, c Choice) error {
	choices, err := read(path)
	if err != nil && !errors.Is(err, errDamaged) {
		return err
	}
	if choices == nil {
		choices = make(map[string]Choice)
	}
	choices[key] = c
	data, err := json.MarshalIndent(choices, "", "  ")
	if err != nil {
		return fmt.Errorf("saving %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, append(data, '\n'))
}

// Check returns an error if Save could not write path. It makes the folder, and a file
// that it removes again.
func Check(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".tuning-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

var errDamaged = errors.New("damaged")

// read returns nil where there is no file.
func read(path string) (map[string]Choice, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var choices map[string]Choice
	if err := json.Unmarshal(data, &choices); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, errDamaged, err)
	}
	return choices, nil
}
