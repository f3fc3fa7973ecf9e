package deps

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// licences are the licences that may be part of a program under Apache-2.0, by a phrase
// of their texts with the white space made one blank.
var licences = []struct{ name, phrase string }{
	{"Apache-2.0", "Apache License Version 2.0"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"BSD", "Redistribution and use in source and binary forms, with or without"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted"},
	{"ISC", "Permission to use, copy, modify, and distribute this software for any purpose with or without fee is hereby granted"},
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"CC0", "CC0 1.0 Universal"},
	{"Unlicense", "This is free and unencumbered software released into the public domain"},
}

// elsewhere are modules that lie below the folder of their repository with the licence, so
// that their archives have none, with the licence that it is.
var elsewhere = map[string]string{"github.com/milvus-io/milvus-proto/go-api/v2": "Apache-2.0"}

var blanks = regexp.MustCompile(`\s+`)

// licenceOf names the licence that a text is, "" for one that is not allowed.
func licenceOf(text string) string {
	text = blanks.ReplaceAllString(text, " ")
	for _, l := range licences {
		if strings.Contains(text, strings.ReplaceAll(l.phrase, "  ", " ")) {
			return l.name
		}
	}
	return ""
}

// Every module of the programs has a licence that goes with ours.
func TestLicences(t *testing.T) {
	cmd := exec.Command("go", "list", "-tags", "nodynamic", "-deps", "-f", "{{with .Module}}{{.Path}}\t{{.Dir}}{{end}}", "./cmd/...")
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(strings.ReplaceAll(string(out), "\t", "="))
	slices.Sort(modules)
	modules = slices.Compact(modules)
	if len(modules) < 10 {
		t.Fatalf("only %d modules are listed", len(modules))
	}
	for _, m := range modules {
		name, dir, _ := strings.Cut(m, "=")
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		found, texts := "", 0
		for _, e := range entries {
			lower := strings.ToLower(e.Name())
			if e.IsDir() || !strings.HasPrefix(lower, "licen") && !strings.HasPrefix(lower, "copying") && !strings.HasPrefix(lower, "unlicense") {
				continue
			}
			texts++
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if l := licenceOf(string(b)); l != "" {
				found = l
			}
		}
		if found == "" && (texts > 0 || elsewhere[name] == "") {
			t.Errorf("%s: none of its %d texts is a licence that goes with Apache-2.0", name, texts)
		}
	}
}

func TestLicencesThatAreRefused(t *testing.T) {
	for _, text := range []string{"", "GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007", "GNU AFFERO GENERAL PUBLIC LICENSE", "All rights reserved."} {
		if got := licenceOf(text); got != "" {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}
