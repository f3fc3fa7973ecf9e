// Package sightline holds what ships with the programs as text: the settings as they are
// explained to people. The programs are in cmd, everything else in internal.
package sightline

import _ "embed"

//go:embed config.yaml
var exampleConfig []byte

// ExampleConfig is config.yaml: every setting with its default and a comment.
func ExampleConfig() []byte { return exampleConfig }
