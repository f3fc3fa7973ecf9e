// Command metadata prints what package metadata reads of each file that is named on
// standard input, one path a line, as a line of JSON. metadata.py holds it against
// exiftool.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/sightline/sightline/internal/imaging/metadata"
)

type line struct {
	Path string
	Date string
	Rank metadata.Source
	metadata.Metadata
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "metadata:", err)
		os.Exit(1)
	}
}

func run() error {
	in := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		data, err := os.ReadFile(in.Text())
		if err != nil {
			return err
		}
		m := metadata.Read(data)
		if err := out.Encode(line{Path: in.Text(), Date: m.Date.String(), Rank: m.Date.Source, Metadata: m}); err != nil {
			return err
		}
	}
	return in.Err()
}
