package walk

import (
	"path/filepath"
	"sync"
)

// identity names a real folder, whatever path leads to it: by device and inode
// where the file system has them, else by its path without links. The zero value
// means that it is not known yet.
type identity struct {
	dev, ino uint64
	path     string
}

// identityByPath is for systems without inodes, and file systems that say 0.
func identityByPath(path string) identity {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return identity{path: path}
}

// visitedSet is the folders that have been visited. The consumer adds; readers ask,
// to spare themselves work.
type visitedSet struct {
	mu  sync.RWMutex
	set map[identity]struct{}
}

func (v *visitedSet) has(id identity) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	_, ok := v.set[id]
	return ok
}

// add reports whether id is new.
func (v *visitedSet) add(id identity) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.set[id]; ok {
		return false
	}
	if v.set == nil {
		v.set = make(map[identity]struct{})
	}
	v.set[id] = struct{}{}
	return true
}
