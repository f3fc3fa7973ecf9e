package doctor

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/fault"
)

// leastRoom is what a disk should have free: the caches and a large index take that.
const leastRoom = 1 << 30

// disks checks the folders that are written to.
func (s Subject) disks() []Check {
	var checks []Check
	for _, d := range []struct{ name, dir string }{
		{"disk of the index", s.Config.DB}, {"disk of the caches", config.DefaultCache(s.Env.Getenv)},
	} {
		if d.dir == "" {
			checks = append(checks, Check{Name: d.name, State: Warning, Finding: "there is no folder for it", Advice: "set HOME"})
			continue
		}
		checks = append(checks, disk(d.name, d.dir))
	}
	return checks
}

func disk(name, dir string) Check {
	there := dir
	for there != filepath.Dir(there) {
		if _, err := os.Stat(there); !errors.Is(err, os.ErrNotExist) {
			break
		}
		there = filepath.Dir(there) // it is made when it is needed
	}
	free, readOnly, err := roomOf(there)
	switch {
	case err != nil:
		return Check{Name: name, State: Warning, Finding: "room in " + dir + " is not known: " + fault.Words(err)}
	case readOnly:
		return Check{Name: name, State: Warning, Finding: dir + " cannot be written to", Advice: "searches work; to index, name another folder with --db DIR"}
	case free < leastRoom:
		return Check{Name: name, State: Warning, Finding: humanize.IBytes(free) + " are free in " + dir, Advice: "make room on the disk"}
	}
	return Check{Name: name, State: OK, Finding: humanize.IBytes(free) + " are free in " + dir}
}
