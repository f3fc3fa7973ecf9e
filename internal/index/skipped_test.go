package index

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sightline/sightline/internal/walk"
)

func TestSkipped(t *testing.T) {
	var s Skipped
	for _, k := range []walk.Skip{
		{Path: "/p/a.mp4", Why: walk.NotPicture, Kind: "video"},
		{Path: "/p/b.mp4", Why: walk.NotPicture, Kind: "video"},
		{Path: "/p/c.bin", Why: walk.NotPicture},
		{Path: "/p/d.bin", Why: walk.NotPicture},
		{Path: "/p/e.bin", Why: walk.NotPicture},
		{Path: "/p/x.jp2", Why: walk.NotPicture, Kind: "JPEG 2000"},
		{Path: "/p/x.txt", Why: walk.NotPicture, Kind: "text"},
		{Path: "/p/.DS_Store", Why: walk.Hidden},
		{Path: "/p/@eaDir", Why: walk.Junk, Dir: true},
		{Path: "/p/q/@eaDir", Why: walk.Junk, Dir: true},
		{Path: "/p/raw", Why: walk.Ignored, Dir: true},
		{Path: "/p/link", Why: walk.Visited, Dir: true},
		{Path: "/p/again.jpg", Why: walk.Visited},
	} {
		s.add(k)
	}
	want := Skipped{
		Kinds:   map[string]int64{"video": 2, "other": 3, "text": 1, "JPEG 2000": 1, "hidden": 1},
		Folders: map[string]int64{"@eaDir": 2, "ignored": 1},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.Files() != 8 || s.FolderCount() != 3 {
		t.Errorf("%d files, %d folders; want 8 and 3", s.Files(), s.FolderCount())
	}
	if diff := cmp.Diff(map[string]int64{"JPEG 2000": 1}, s.UnreadPictures()); diff != "" {
		t.Errorf("pictures that are not read (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"video", "JPEG 2000", "hidden", "text", "other"}, ByCount(s.Kinds)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
