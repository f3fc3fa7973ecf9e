package deps

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// licences are those that code inside the programs may have, which are under the Apache
// License, with a phrase that no other licence has. GPL is not among them.
var licences = map[string]string{
	"Apache-2.0": "apache license version 2.0",
	"MIT":        "permission is hereby granted, free of charge, to any person",
	"BSD":        "redistribution and use in source and binary forms",
	"ISC":        "permission to use, copy, modify, and",
	"MPL-2.0":    "mozilla public license",
	"Unlicense":  "this is free and unencumbered software",
}

// licencedElsewhere are modules whose archive has no licence of its own.
var licencedElsewhere = map[string]string{
	"github.com/milvus-io/milvus-proto/go-api/v2": "Apache-2.0", // at the root of its repository
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)`)

// linkedModule is a part of what go list says of one.
type linkedModule struct {
	Path, Dir string
	Main      bool
}

// Each module inside the programs has a licence that goes with theirs.
func TestLicences(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range linkedModules(t) {
		if m.Main || seen[m.Path] {
			continue
		}
		seen[m.Path] = true
		if licencedElsewhere[m.Path] != "" {
			continue
		}
		if name := licenceOf(t, m.Dir); name == "" {
			t.Errorf("%s: no licence that is known to go with ours; read it, and add it here or find another module", m.Path)
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d modules were looked at", len(seen))
	}
	for path := range licencedElsewhere {
		if !seen[path] {
			t.Errorf("%s is not in use any more", path)
		}
	}
}

func TestLicenceOf(t *testing.T) {
	for text, want := range map[string]string{
		"Apache License\n   Version 2.0, January 2004":                                          "Apache-2.0",
		"Permission is hereby granted,\n free of charge, to any person":                         "MIT",
		"GNU GENERAL PUBLIC LICENSE Version 3":                                                  "",
		"GNU AFFERO GENERAL PUBLIC LICENSE":                                                     "",
		"All rights reserved.":                                                                  "",
		"Redistribution and use in source and binary forms, with or without":                    "BSD",
		"GNU LESSER GENERAL PUBLIC LICENSE, and parts: Permission is hereby granted, free of..": "",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "LICENSE.md"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := licenceOf(t, dir); got != want {
			t.Errorf("%q is %q, not %q", text, got, want)
		}
	}
	if got := licenceOf(t, t.TempDir()); got != "" {
		t.Errorf("without a file it is %q", got)
	}
}

// linkedModules lists the modules of all packages inside the programs, one per package.
func linkedModules(t *testing.T) (out []linkedModule) {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "nodynamic", "-deps", "-json=Module", "./cmd/...")
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	for dec := json.NewDecoder(bytes.NewReader(text)); ; {
		var p struct{ Module *linkedModule }
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module != nil { // the standard library has none
			out = append(out, *p.Module)
		}
	}
}

// licenceOf names the licence of a module, "" where none of its files is known to go with
// ours or one of them is a GPL.
func licenceOf(t *testing.T, dir string) (name string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(strings.ToLower(string(data))), " ")
		if strings.Contains(text, "general public license") && !strings.Contains(text, "secondary licenses") { // which MPL-2.0 speaks of
			return ""
		}
		for l, phrase := range licences {
			if strings.Contains(text, phrase) {
				name = l
			}
		}
	}
	return name
}
