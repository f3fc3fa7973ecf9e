package deps

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	requirement = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(\[[^\]]*\])?\s*[=<>~!@]`)
	pinnedHash  = regexp.MustCompile(`--hash=sha256:[0-9a-f]{64}`)
	floating    = regexp.MustCompile(`go (run|install|get) \S+@(latest|upgrade|master|main)\b`)
)

// unpinned lists what a file would fetch without saying what it must be: lines of a
// requirements file without a SHA-256, and tools of no version.
func unpinned(name, text string) (found []string) {
	lines := strings.Split(strings.ReplaceAll(text, "\\\n", " "), "\n")
	base := filepath.Base(name)
	for _, line := range lines {
		isRequirement := strings.HasPrefix(base, "requirements") && strings.HasSuffix(base, ".txt") && requirement.MatchString(line)
		if isRequirement && !pinnedHash.MatchString(line) || floating.MatchString(line) {
			found = append(found, name+": "+strings.TrimSpace(line))
		}
	}
	return found
}

// What the scripts fetch is what was meant.
func TestFetchesArePinned(t *testing.T) {
	files := []string{"../../Makefile", "../../Dockerfile", "../../.ci/run"}
	err := filepath.WalkDir("../../scripts", func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	requirements := 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		requirements += len(pinnedHash.FindAll(text, -1))
		for _, line := range unpinned(path, string(text)) {
			t.Errorf("it is not pinned: %s", line)
		}
	}
	if requirements < 10 {
		t.Errorf("only %d pinned requirements were found", requirements)
	}
}

func TestUnpinned(t *testing.T) {
	hash := "--hash=sha256:" + strings.Repeat("0a", 32)
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"requirements.txt", "numpy==2.0 \\\n    " + hash + "\n# numpy==1\n", 0},
		{"requirements-x.txt", "numpy==2.0\n", 1},
		{"requirements-x.txt", "numpy>=2.0 \\\n  --hash=md5:00\npillow @ file:x\n", 2},
		{"x.sh", "go run example.org/x@latest ./...\n", 1},
		{"x.sh", "go run example.org/x@v1.2.3 ./...\n", 0},
	} {
		if got := unpinned(c.name, c.text); len(got) != c.want {
			t.Errorf("%s %q: %q", c.name, c.text, got)
		}
	}
}
