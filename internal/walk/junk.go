package walk

import "strings"

// noMediaFile in a folder keeps the folder and all below it out of collections. It
// is Android's convention.
const noMediaFile = ".nomedia"

// isJunk reports whether a name is one that systems make for themselves: what lies
// there is thumbnails, deleted files or bookkeeping, never a picture that someone
// means to find. Such names are passed over even with Options.Hidden, unless named
// as a root.
func isJunk(name string) bool {
	switch name {
	case "@eaDir", // Synology: thumbnails
		"#recycle", "#snapshot", "@Recycle", // Synology and QNAP
		"@Recently-Snapshot", ".@__thumb", // QNAP
		"lost+found",                                // ext file systems
		"$RECYCLE.BIN", "System Volume Information", // Windows
		"__MACOSX", ".Spotlight-V100", ".fseventsd", ".DocumentRevisions-V100", ".TemporaryItems", // macOS
		".thumbnails",         // desktops, Android
		".dtrash",             // digiKam: deleted
		"node_modules",        // packages of programs, thousands of icons among them
		".git", ".hg", ".svn", // version control
		noMediaFile, IgnoreFile:
		return true
	}
	return strings.HasPrefix(name, "._") || // macOS: resource forks beside files
		strings.HasPrefix(name, ".Trash") || // .Trash, .Trashes, .Trash-1000
		strings.HasPrefix(name, ".trashed-") // Android: deleted, kept for 30 days
}
