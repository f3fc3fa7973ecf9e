package store

import "strings"

// documentKinds say what the documents are whose names begin so, and what to do where one
// is lost. Who keeps documents chooses the names.
var documentKinds = []struct{ prefix, what string }{
	{"runs/", "what is known of a tagging run (its tags stay; search tag undo does not find it any more)"},
	{"labels/", "a saved label (save it again with search label save)"},
	{"corrections/", "what was said of the pictures of a label (say it again with search tag --approve and --reject, or restore a backup)"},
	{"explore/", "a part of the map (indexer explore rebuilds it)"},
	{"explore", "the map (indexer explore rebuilds it)"},
	{"duplicates", "the list of duplicates (indexer explore --duplicates rebuilds it)"},
	{"walk/mounts", "a note of which folders are disks (indexer run with the disks mounted writes it again)"},
	{"walk/", "a note of which files are no pictures (the next indexer run rebuilds it)"},
}

// DocumentKind says in words what a document is, and what to do where it is lost.
func DocumentKind(name string) string {
	for _, k := range documentKinds {
		if name == k.prefix || strings.HasSuffix(k.prefix, "/") && strings.HasPrefix(name, k.prefix) {
			return k.what
		}
	}
	return "of a kind that this version does not know"
}
