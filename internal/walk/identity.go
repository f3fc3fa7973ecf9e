package walk

import (
	"io/fs"
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

// otherDisk reports whether two folders are on different devices, as far as that is known.
func (i identity) otherDisk(j identity) bool {
	return i.ino != 0 && j.ino != 0 && i.dev != j.dev
}

// OtherDisk reports whether two folders, as os.Stat describes them, are on different disks:
// devices of the system. It is false where systems do not tell.
func OtherDisk(a, b fs.FileInfo) bool { return identityOf(a, "").otherDisk(identityOf(b, "")) }

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
