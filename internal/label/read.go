package label

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/spelling"
)

// Format is how a label list is written.
type Format string

// The formats of label lists.
const (
	// Text has one label per line; empty lines and lines that start with # are left
	// out.
	Text Format = "text"
	// CSV has one label per row. A first row that starts with "label" or "name"
	// names the columns: label, aliases, prompts, parent, group, threshold. Several
	// values in a cell are divided by |. Without such a row the first column counts.
	// Where the first row has a semicolon or a tab and no comma, that divides the
	// columns: spreadsheets write it in countries where the comma divides numbers.
	CSV Format = "csv"
	// YAML is a list of names or of mappings with the keys name, aliases,
	// prompts, parent, group and threshold; or a mapping with such a list under
	// labels and, beside it, exclusive: true where all labels exclude one another.
	YAML Format = "yaml"
	// JSON is the same as YAML, with the same keys.
	JSON Format = "json"
)

// FormatOf returns the format that a file's name stands for: plain text where its
// extension is neither .csv, .yaml nor .yml.
func FormatOf(name string) Format {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return CSV
	case ".yaml", ".yml":
		return YAML
	case ".json":
		return JSON
	}
	return Text
}

// notLists are endings of files that may hold labels, but are not read: taken for text,
// each of their lines would be a label.
var notLists = map[string]string{
	".jsonl": "JSON lines", ".ndjson": "JSON lines", ".tsv": "tab-separated values", ".xml": "XML", ".xmp": "XMP", ".toml": "TOML", ".ini": "settings",
	".xlsx": "a spreadsheet", ".xls": "a spreadsheet", ".ods": "a spreadsheet", ".html": "HTML", ".htm": "HTML", ".parquet": "Parquet",
	".db": "a database", ".sqlite": "a database", ".md": "Markdown",
}

// checkEnding refuses files whose name says that they are no list.
func checkEnding(name string) error {
	if what, ok := notLists[strings.ToLower(filepath.Ext(name))]; ok {
		return fmt.Errorf("%w: %s is %s by its name, which is no format of label lists: those are text, CSV, YAML and JSON", ErrInvalid, name, what)
	}
	return nil
}

// Load reads what --labels was given: the name of a file, or labels divided by
// commas. It is a file if there is one of that name, or if it looks like one: it has
// the extension of a list or a slash and no comma.
func Load(spec string) (*List, error) {
	labels, source, err := loadUnchecked(spec)
	if err != nil {
		return nil, err
	}
	return NewList(source, labels)
}

// loadUnchecked is Load without NewList's checks. source names the labels in messages.
func loadUnchecked(spec string) (labels []Label, source string, err error) {
	// O_NONBLOCK: to open a pipe without a writer would wait for ever.
	f, err := os.OpenFile(spec, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if b, ok := FindBundled(spec); ok {
			labels, err = readYAML(b.text)
			return labels, b.source(), err
		}
		if looksLikeFile(spec) {
			return nil, spec, unopened(spec, err)
		}
		labels, err = parse(spec)
		return labels, Given, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, spec, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if st.IsDir() {
		return nil, spec, fmt.Errorf("%w: %s is a folder", ErrInvalid, spec)
	}
	if err := checkEnding(spec); err != nil {
		return nil, spec, err
	}
	labels, err = read(f, spec, FormatOf(spec))
	return labels, spec, err
}

// unopened is the error about a file that cannot be opened, with what may have been meant.
func unopened(spec string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	hint := "search labels list shows the lists that need no file"
	if folder, err := os.Open(filepath.Dir(spec)); err == nil {
		defer folder.Close()
		const most = 10_000 // names are looked at
		names, _ := folder.Readdirnames(most)
		if near := spelling.Nearest(filepath.Base(spec), names); len(near) > 0 {
			for i := range near {
				near[i] = filepath.Join(filepath.Dir(spec), near[i])
			}
			hint = "did you mean " + spelling.Or(near) + "?"
		}
	}
	return fault.Advise(hint, "%w: %s is not there", ErrInvalid, spec)
}

func looksLikeFile(spec string) bool {
	if strings.ContainsAny(spec, ",\n") {
		return false
	}
	switch strings.ToLower(filepath.Ext(spec)) {
	case ".txt", ".csv", ".yaml", ".yml", ".json", ".jsonl", ".ndjson", ".tsv":
		return true
	}
	return strings.ContainsRune(spec, filepath.Separator)
}

// Parse reads labels divided by commas, as on a command line. Blanks around a
// label are left out; a label with a comma in it stands in double quotes.
func Parse(spec string) (*List, error) {
	labels, err := parse(spec)
	if err != nil {
		return nil, err
	}
	return NewList(Given, labels)
}

// Given is the Source of labels that come from no file.
const Given = "the labels given"

func parse(spec string) ([]Label, error) {
	if strings.TrimSpace(spec) == "" {
		return nil, nil
	}
	if looksLikeJSON([]byte(spec)) {
		labels, err := readJSON([]byte(spec))
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, Given, err)
		}
		return labels, nil
	}
	r := csv.NewReader(strings.NewReader(spec))
	r.TrimLeadingSpace = true
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, Given, err)
	}
	var labels []Label
	for _, row := range rows {
		for _, name := range row {
			labels = append(labels, Label{Name: strings.TrimSpace(name)})
		}
	}
	return labels, nil
}

// Read reads a label list. source names it in messages.
func Read(r io.Reader, source string, format Format) (*List, error) {
	labels, err := read(r, source, format)
	if err != nil {
		return nil, err
	}
	return NewList(source, labels)
}

func read(r io.Reader, source string, format Format) ([]Label, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxListBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, source, err)
	}
	if len(data) > MaxListBytes {
		return nil, fmt.Errorf("%w: %s is larger than %d MB", ErrInvalid, source, MaxListBytes>>20)
	}
	if data, err = inUTF8(data); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, source, err)
	}
	var labels []Label
	if format == Text && looksLikeJSON(data) { // whatever it is called
		format = JSON
	}
	switch format {
	case Text:
		labels, err = readText(data)
	case CSV:
		labels, err = readCSV(data)
	case YAML:
		labels, err = readYAML(data)
	case JSON:
		labels, err = readJSON(data)
	default:
		err = fmt.Errorf("%q is not a format of label lists", format)
	}
	if err != nil {
		between := ": "
		if strings.HasPrefix(err.Error(), "line ") {
			between = " "
		}
		return nil, fmt.Errorf("%w: %s%s%w", ErrInvalid, source, between, err)
	}
	return labels, nil
}

// inUTF8 returns text that is UTF-8, or UTF-16 with the byte order mark that Windows
// writes, as UTF-8 without a mark.
func inUTF8(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		text, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
			return nil, errors.New("this is not UTF-16 text, as it says itself; save it as UTF-8")
		}
		return text, nil
	}
	if !utf8.Valid(data) {
		return nil, errors.New("this is not UTF-8 text; save it as UTF-8")
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}

func readText(data []byte) ([]Label, error) {
	var labels []Label
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, MaxListBytes+1)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if len(labels) == MaxLabels {
			return nil, fmt.Errorf("it holds more than %d labels", MaxLabels)
		}
		labels = append(labels, Label{Name: line})
	}
	if len(labels) == 1 && strings.ContainsAny(labels[0].Name, ",;\t") {
		return nil, fmt.Errorf("its only line, %q, would be one label: write each label on a line of its own (one that has a comma in it can stand alone in YAML)", Shorten(labels[0].Name))
	}
	return labels, lines.Err()
}
