package label

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// columns are the names of CSV columns, with how a cell goes into a label.
var columns = map[string]func(*Label, string) error{
	"label":     func(l *Label, s string) error { l.Name = s; return nil },
	"name":      func(l *Label, s string) error { l.Name = s; return nil },
	"aliases":   func(l *Label, s string) error { l.Aliases = several(s); return nil },
	"prompts":   func(l *Label, s string) error { l.Prompts = several(s); return nil },
	"parent":    func(l *Label, s string) error { l.Parent = s; return nil },
	"group":     func(l *Label, s string) error { l.Group = s; return nil },
	"threshold": setThreshold,
}

func setThreshold(l *Label, s string) error {
	if s == "" {
		return nil
	}
	v, err := strconv.ParseFloat(s, 32)
	if err != nil || !(v > 0 && v <= 1) {
		return fmt.Errorf("the threshold %q is not a probability, which lies between 0 and 1", Shorten(s))
	}
	l.Threshold = float32(v)
	return nil
}

// several divides a cell at |.
func several(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, "|") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func readCSV(data []byte) ([]Label, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	r.ReuseRecord = true
	r.Comment = '#'
	r.Comma = delimiter(data)
	var labels []Label
	cells := 0 // of the last row
	setters, headed := []func(*Label, string) error{columns["label"]}, false
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			if !headed && len(labels) == 1 && cells > 1 {
				return nil, fmt.Errorf("its only row has %d cells, of which one would be a label: write each label on a row of its own", cells)
			}
			return labels, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		if first && isHeader(row[0]) {
			if setters, err = header(row); err != nil {
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
			headed = true
			continue
		}
		if len(labels) == MaxLabels {
			return nil, fmt.Errorf("it holds more than %d labels", MaxLabels)
		}
		cells = len(row)
		var l Label
		for i, cell := range row {
			if i >= len(setters) {
				if headed && strings.TrimSpace(cell) != "" {
					return nil, fmt.Errorf("line %d: it has a value %q, and the first line names %d columns; several values in one cell are divided by |", line, Shorten(cell), len(setters))
				}
				continue
			}
			if err := setters[i](&l, strings.TrimSpace(cell)); err != nil {
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
		}
		labels = append(labels, l)
	}
}

func isHeader(cell string) bool {
	cell = strings.ToLower(strings.TrimSpace(cell))
	return cell == "label" || cell == "name"
}

func header(row []string) ([]func(*Label, string) error, error) {
	setters := make([]func(*Label, string) error, len(row))
	for i, cell := range row {
		set, ok := columns[strings.ToLower(strings.TrimSpace(cell))]
		if !ok {
			return nil, fmt.Errorf("there is no column %q; the columns are label, aliases, prompts, parent, group, threshold", Shorten(cell))
		}
		setters[i] = set
	}
	return setters, nil
}

// delimiter is what divides the columns: a comma, unless the first row has none and
// another that spreadsheets write.
func delimiter(data []byte) rune {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		for _, d := range []byte{',', ';', '\t'} {
			if bytes.IndexByte(line, d) >= 0 {
				return rune(d)
			}
		}
		break
	}
	return ','
}
