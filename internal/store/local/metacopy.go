package local

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"github.com/sightline/sightline/internal/atomicfile"
	"github.com/sightline/sightline/internal/store"
)

// metaCopyName is the file that repeats what the catalogue says of the index as a whole:
// which model built it, and what ties its files to each other. Where the page of the
// catalogue that holds this is damaged, nothing else would tell.
const metaCopyName = "model.json"

// metaCopy is its content.
type metaCopy struct {
	Sum  uint32       `json:"crc32c"` // of the rest, as JSON
	Meta metaContents `json:"index"`
}

type metaContents struct {
	Fingerprint string `json:"fingerprint"`
	Name        string `json:"name"`
	Precision   string `json:"precision"`
	Pixels      string `json:"pixels"`
	Colour      string `json:"colour"`
	Dim         int    `json:"dim"`
	Created     int64  `json:"created"`
	Identity    string `json:"identity"` // hexadecimal
	IDSpace     string `json:"id_space"`
}

func (m metaContents) sum() (uint32, error) {
	b, err := json.Marshal(m)
	return crc32.Checksum(b, castagnoli), err
}

// keepMetaCopy writes the copy where it is missing or another one.
func (s *Store) keepMetaCopy() error {
	m := s.model
	want := metaCopy{Meta: metaContents{m.Fingerprint, m.Name, m.Precision, m.Pixels, m.Colour, m.Dim, s.created, hex.EncodeToString(s.identity), s.idSpace}}
	var err error
	if want.Sum, err = want.Meta.sum(); err != nil {
		return err
	}
	if have, err := readMetaCopy(s.dir); err == nil && have == want.Meta {
		return nil
	}
	b, err := json.MarshalIndent(want, "", "\t")
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir, metaCopyName)
	if err := checkRegular(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return atomicfile.WriteBytes(path, append(b, '\n'))
}

func readMetaCopy(dir string) (metaContents, error) {
	b, err := readRegular(filepath.Join(dir, metaCopyName), 1<<20)
	if err != nil {
		return metaContents{}, err
	}
	var c metaCopy
	if err := json.Unmarshal(b, &c); err != nil {
		return c.Meta, fmt.Errorf("%w: %s: %w", store.ErrDamaged, metaCopyName, err)
	}
	if sum, err := c.Meta.sum(); err != nil || sum != c.Sum {
		return c.Meta, errors.Join(fmt.Errorf("%w: %s does not have the checksum that it was written with", store.ErrDamaged, metaCopyName), err)
	}
	return c.Meta, nil
}

// values are what the catalogue's table meta says of the same.
func (m metaContents) values() (map[string]any, error) {
	identity, err := hex.DecodeString(m.Identity)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"fingerprint": m.Fingerprint, "name": m.Name, "precision": m.Precision, "pixels": m.Pixels,
		"colour": m.Colour, "dim": m.Dim, "created": m.Created, "identity": identity, idSpaceKey: m.IDSpace,
	}, nil
}
